// Package options holds the one loop that applies functional options.
package options

// Apply has each option change c, in order, until one fails. Nil options are passed over.
func Apply[C any, O ~func(*C) error](c *C, opts []O) error {
	return Each(opts, func(opt O) error {
		if opt == nil {
			return nil
		}
		return opt(c)
	})
}

// Each is [Apply] for options that are no functions but an interface: apply calls its
// method.
func Each[O any](opts []O, apply func(O) error) error {
	for _, opt := range opts {
		if any(opt) == nil {
			continue
		}
		if err := apply(opt); err != nil {
			return err
		}
	}
	return nil
}
