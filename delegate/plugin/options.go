package plugin

import (
	"fmt"
	"log/slog"
	"strings"
)

// Option configures [Open].
type Option func(*options) error

type options struct {
	keys, values []string
	oldABI       bool
	logger       *slog.Logger
}

func newOptions(opts []Option) (*options, error) {
	o := &options{logger: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// WithOption passes one option to the plugin. Options arrive in the order given, a
// key given twice arrives twice, and what they mean is the plugin's business. A NUL
// byte or an empty key gives [ErrDelegateDeclined].
func WithOption(key, value string) Option {
	return func(o *options) error {
		if key == "" || strings.ContainsRune(key, 0) || strings.ContainsRune(value, 0) {
			return fmt.Errorf("option %q=%q cannot be passed on, it has an empty key or a NUL byte: %w", key, value, ErrDelegateDeclined)
		}
		o.keys = append(o.keys, key)
		o.values = append(o.values, value)
		return nil
	}
}

// WithOldABI runs a plugin that was compiled for TensorFlow Lite 2.9 or older, on
// whatever runtime is linked. See the package's overview. A newer plugin works with
// it too on 64-bit processors, unless it uses what is newer; on 32-bit ones it
// crashes.
func WithOldABI() Option {
	return func(o *options) error {
		o.oldABI = true
		return nil
	}
}

// WithLogger has what the plugin reports while it makes a delegate nevertheless
// logged, as warnings. The default is to drop it. The reports of a failure are in
// the error.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error {
		if l != nil {
			o.logger = l
		}
		return nil
	}
}
