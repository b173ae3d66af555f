package capi_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/capi"
)

func TestXNNPACKLayout(t *testing.T) {
	for version, want := range map[string]int{
		"2.5.0": capi.XNNPACKv1, "2.9.0": capi.XNNPACKv1, "2.17.1": capi.XNNPACKv1, "2.18.0": capi.XNNPACKv1,
		"2.20.0": capi.XNNPACKv2,
		// not seen, so not guessed
		"2.19.0": capi.XNNPACKDefaults, "2.21.0": capi.XNNPACKDefaults, "3.0.0": capi.XNNPACKDefaults,
		"1.4.0": capi.XNNPACKDefaults, "": capi.XNNPACKDefaults, "2.x": capi.XNNPACKDefaults,
	} {
		assert.Equal(t, want, capi.XNNPACKLayout(version), version)
	}
}
