package vision

import (
	"fmt"
	"runtime"
	"sync"
	"weak"

	"github.com/gocoral/coral/model"
)

// classLabels name the classes of an output.
type classLabels struct {
	labels  Labels
	warning string
}

func (l classLabels) name(classes []Class) []Class {
	for k := range classes {
		classes[k].Label, _ = l.labels.Name(classes[k].ID)
	}
	return classes
}

// labelsFor are the labels of the options, or else of the model, for an output with so
// many classes.
func (c *config) labelsFor(output, classes int) classLabels {
	l := classLabels{labels: c.labels}
	if c.labels == nil {
		l = ownLabels(c.model, output)
	}
	if l.warning == "" && len(l.labels) > 0 {
		l.warning = l.labels.Mismatch(classes)
	}
	return l
}

// known are the labels of models that were asked for, which are unpacked for the first
// picture and not for every one.
var known sync.Map // of labelsKey to classLabels

type labelsKey struct {
	model  weak.Pointer[model.Model]
	output int
}

func ownLabels(m *model.Model, output int) classLabels {
	if m == nil {
		return classLabels{}
	}
	key := labelsKey{weak.Make(m), output}
	if l, ok := known.Load(key); ok {
		return l.(classLabels)
	}
	var l classLabels
	var err error
	if l.labels, err = modelLabels(m, output); err != nil {
		l.warning = fmt.Sprintf("the model's labels cannot be read: %v", err)
	}
	if _, there := known.LoadOrStore(key, l); !there {
		runtime.AddCleanup(m, func(key labelsKey) { known.Delete(key) }, key)
	}
	return l
}
