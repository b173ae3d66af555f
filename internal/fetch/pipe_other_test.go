//go:build !unix

package fetch_test

import "errors"

func makePipe(string) error { return errors.ErrUnsupported }
