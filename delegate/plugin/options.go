package plugin

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/gocoral/coral/internal/options"
)

// Option configures [Open].
type Option func(*config) error

type config struct {
	keys, values []string
	oldABI       bool
	logger       *slog.Logger
}

func newConfig(opts []Option) (*config, error) {
	c := &config{logger: slog.New(slog.DiscardHandler)}
	if err := options.Apply(c, opts); err != nil {
		return nil, err
	}
	return c, nil
}

// WithOption passes one option to the plugin. Options arrive in the order given, a
// key given twice arrives twice, and what they mean is the plugin's business. A NUL
// byte or an empty key gives [ErrDelegateDeclined].
func WithOption(key, value string) Option {
	return func(c *config) error {
		if key == "" || strings.ContainsRune(key, 0) || strings.ContainsRune(value, 0) {
			return fmt.Errorf("option %q=%q cannot be passed on, it has an empty key or a NUL byte: %w", key, value, ErrDelegateDeclined)
		}
		c.keys = append(c.keys, key)
		c.values = append(c.values, value)
		return nil
	}
}

// WithOldABI runs a plugin that was compiled for TensorFlow Lite 2.9 or older, on
// whatever runtime is used. See the package's overview. A newer plugin works with
// it too on 64-bit processors, unless it uses what is newer; on 32-bit ones it
// crashes.
func WithOldABI() Option {
	return func(c *config) error {
		c.oldABI = true
		return nil
	}
}

// WithLogger has what the plugin reports while it makes a delegate nevertheless
// logged, as warnings. The default is to drop it. The reports of a failure are in
// the error.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l != nil {
			c.logger = l
		}
		return nil
	}
}
