package capi_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/capi"
)

func TestKnown(t *testing.T) {
	for version, want := range map[string]bool{
		"2.5.0": true, "2.9.0": true, "2.17.1": true, "2.20.0": true, "2.20.0-rc1": true,
		"2.4.1": false, "2.21.0": false, "2.99.0": false, "1.15.0": false, "3.9.0": false,
		"": false, "2": false, "2.x": false, "2.-9.0": false, "unknown": false,
	} {
		assert.Equal(t, want, capi.Known(version), version)
	}
}
