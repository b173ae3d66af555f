package fetch

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOlder(t *testing.T) {
	assert.True(t, older("2.9", "2.27"), "numbers, not text")
	assert.True(t, older("2.33", "2.34"))
	assert.False(t, older("2.34", "2.34"))
	assert.False(t, older("3.0", "2.34"))
	assert.False(t, older("", "2.34"), "unknown is not older")
	assert.False(t, older("2.17", ""), "no need")
}
