package capi_test

import (
	"go/build"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The go command keeps a package that it has compiled by the package's files, in which the
// tags do not count: with the same files for two tags, a build with the one would take the
// linker's flags of the other.
func TestEachWayOfLinkingHasFilesOfItsOwn(t *testing.T) {
	seen := map[string]string{}
	for _, tag := range []string{"", "tflite_link", "tflite_pkgconfig"} {
		context := build.Default
		context.CgoEnabled, context.BuildTags = true, []string{tag}
		pkg, err := context.ImportDir(".", 0)
		require.NoError(t, err)
		files := strings.Join(append(pkg.GoFiles, pkg.CgoFiles...), " ")
		other, same := seen[files]
		assert.False(t, same, "tags %q and %q have the same files", other, tag)
		seen[files] = tag
	}
}
