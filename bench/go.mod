module github.com/gocoral/coral/bench

go 1.26.0

require (
	github.com/gocoral/coral v0.0.0
	github.com/mattn/go-tflite v1.0.9
	github.com/stretchr/testify v1.12.1
	golang.org/x/image v0.47.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/google/flatbuffers v25.12.19+incompatible // indirect
	github.com/google/gousb v1.1.3 // indirect
	github.com/mattn/go-pointer v0.0.1 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/gocoral/coral => ..
