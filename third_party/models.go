package thirdparty

import _ "embed"

//go:embed models.json
var modelsJSON []byte

// Kind says what a [File] is.
type Kind string

// The kinds of files.
const (
	KindModel   Kind = "model"   // a .tflite file
	KindLabels  Kind = "labels"  // class names, one a line
	KindPicture Kind = "picture" // a PNG or JPEG file
)

// Collection is a published Go module that carries models and pictures.
type Collection struct {
	// Module and Version are what "go mod download" takes.
	Module  string `json:"module"`
	Version string `json:"version"`
	// Sum is the module's hash in go.sum's notation.
	Sum string `json:"sum"`
	// Licence is the SPDX identifier of the module as a whole.
	Licence string `json:"licence"`
	Files   []File `json:"files"`
}

// File is one file of a [Collection].
type File struct {
	// Name is what the file is called here; no two files share one.
	Name string `json:"name"`
	// Path is where the file is inside the module, with slashes.
	Path   string `json:"path"`
	Kind   Kind   `json:"kind"`
	SHA256 string `json:"sha256"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Licence is an SPDX identifier: that of the module, or that of a model's
	// first publisher where the module only passes the model on.
	Licence string `json:"licence"`
	// About says what the file is or shows.
	About string `json:"about"`
}

// Models returns the models, labels and pictures for examples and tests.
func Models() []Collection {
	var manifest struct{ Modules []Collection }
	mustDecode(modelsJSON, &manifest)
	return manifest.Modules
}
