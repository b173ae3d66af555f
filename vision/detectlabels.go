package vision

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// WithLabelOffset says that class id of a detector is label id + n. Without it the counts
// decide: a list with one label more than the model has classes has one for the background
// first, which no detector counts, or counts from 1. What was decided is in the result's
// Warnings.
func WithLabelOffset(n int) Option {
	return func(c *config) error {
		c.detection.labelOffset = &n
		c.results = append(c.results, "WithLabelOffset")
		return nil
	}
}

// objectLabels name the classes of a detector.
type objectLabels struct {
	labels  Labels
	offset  int
	warning string
}

// of is the label of a class, or its number if there is none.
func (l objectLabels) of(class int) string {
	if name, ok := l.labels[class+l.offset]; ok {
		return name
	}
	return strconv.Itoa(class)
}

// objectLabels are the labels for a detector with so many classes, 0 if that is not known.
func (c *config) objectLabels(output, classes int) objectLabels {
	own := classLabels{labels: c.labels}
	if c.labels == nil {
		own = ownLabels(c.model, output)
	}
	l := objectLabels{labels: own.labels, warning: own.warning}
	switch {
	case len(l.labels) == 0:
	case c.detection.labelOffset != nil:
		l.offset = *c.detection.labelOffset
		l.warning = l.missing(classes)
	case l.oneMore(classes):
		l.offset = 1
		l.warning = l.whyOneMore(classes)
	case classes > 0:
		if l.warning = l.labels.Mismatch(classes); l.warning != "" {
			l.warning += "; WithLabelOffset moves them"
		}
	}
	return l
}

// oneMore reports whether the labels have one for the background before those of the
// classes, or count from 1.
func (l objectLabels) oneMore(classes int) bool {
	if classes == 0 {
		return isBackground(l.labels[0])
	}
	last := 0
	for id := range l.labels {
		last = max(last, id)
	}
	return last == classes
}

// isBackground reports whether a label is none of an object.
func isBackground(label string) bool {
	return slices.Contains([]string{"background", "__background__", "???", "n/a", "unlabeled"}, strings.ToLower(label))
}

func (l objectLabels) whyOneMore(classes int) string {
	counts := fmt.Sprintf("there are %d labels", len(l.labels))
	if classes > 0 {
		counts += fmt.Sprintf(" for the model's %d classes", classes)
	}
	first, ok := l.labels[0]
	if !ok {
		return counts + ", and they count from 1: class 0 is label 1; WithLabelOffset(0) takes them as they are"
	}
	return counts + fmt.Sprintf(": the first, %q, is taken for the background, and class 0 is label 1, %q; WithLabelOffset(0) takes them as they are", first, l.labels[1])
}

// missing says how many classes have no label, if any.
func (l objectLabels) missing(classes int) string {
	without := 0
	for class := range classes {
		if _, ok := l.labels[class+l.offset]; !ok {
			without++
		}
	}
	if without == 0 {
		return ""
	}
	return fmt.Sprintf("there are %d labels for the model's %d classes: with an offset of %d, %d of these have none, and numbers stand for them",
		len(l.labels), classes, l.offset, without)
}
