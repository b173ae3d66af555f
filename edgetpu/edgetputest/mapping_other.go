//go:build !unix

package edgetputest

const supported = false

func mapFile(string, int) ([]byte, error) { return nil, ErrUnsupported }
func claimed(string) bool                 { return false }
