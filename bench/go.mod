module github.com/gocoral/coral/bench

go 1.26.0

require (
	github.com/gocoral/coral v0.0.0
	github.com/mattn/go-tflite v1.0.6
	github.com/stretchr/testify v1.12.1
)

require github.com/mattn/go-pointer v0.0.1 // indirect

replace github.com/gocoral/coral => ..
