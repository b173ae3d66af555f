module example.com/hello

go 1.26.0

require (
	github.com/gocoral/coral v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/google/flatbuffers v25.12.19+incompatible // indirect
	github.com/google/gousb v1.1.3 // indirect
	github.com/mattn/go-tflite v1.0.9 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/image v0.47.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

// The library, until it can be had by its path: where its source is on this machine.
replace github.com/gocoral/coral => ../..
