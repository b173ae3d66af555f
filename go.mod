module github.com/gocoral/coral

go 1.26.0

require (
	github.com/google/flatbuffers v25.12.19+incompatible
	github.com/google/gousb v1.1.3
	github.com/mattn/go-tflite v1.0.9
	github.com/stretchr/testify v1.12.1
	golang.org/x/image v0.47.0
	golang.org/x/sys v0.49.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
