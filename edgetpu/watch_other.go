//go:build !linux

package edgetpu

import (
	"context"
	"log/slog"
)

// listen: nothing is announced here.
func listen(context.Context, *slog.Logger) <-chan struct{} { return nil }
