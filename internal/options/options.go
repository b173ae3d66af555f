// Package options holds the one loop that applies functional options.
package options

// Apply has each option change c, in order, until one fails. Nil options are passed over.
func Apply[C any, O ~func(*C) error](c *C, opts []O) error {
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(c); err != nil {
			return err
		}
	}
	return nil
}
