module github.com/gocoral/coral

go 1.26.0

require github.com/mattn/go-tflite v1.0.6
