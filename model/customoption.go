package model

// CustomOption returns the number that a custom operator has under a name among its
// options, which are a FlexBuffers map, such as "num_classes" of
// TFLite_Detection_PostProcess. It is not ok for options of another form, for what is not a
// number, and where there is none of that name.
func (op Operator) CustomOption(name string) (n float64, ok bool) {
	return flexNumberOf(op.CustomOptions, name)
}
