//go:build !linux && !darwin

package edgetputest

const supported = false

// Without support Start fails first, and nothing below is reached.

func mapFile(string, int) ([]byte, error) { return nil, ErrPlatform }

type claims struct{}

func newClaims(string) (claims, error) { return claims{}, ErrPlatform }

func (claims) holder() uint32 { return 0 }
func (claims) close()         {}
