package fetch

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The outputs are those of pip 23, npm 11 and Maven 3.8, shortened, with the
// hosts renamed.
func TestLastUseful(t *testing.T) {
	tests := map[string]struct{ out, want string }{
		"nothing": {"", "it printed nothing"},
		"pip without network": {
			`WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<x>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/p/
ERROR: Could not find a version that satisfies the requirement p==1 (from versions: none)
ERROR: No matching distribution found for p==1
`, "[Errno -3] Temporary failure in name resolution",
		},
		"pip without such a package": {
			"ERROR: Could not find a version that satisfies the requirement p==1 (from versions: 2)\nERROR: No matching distribution found for p==1\n\n[notice] A new release of pip is available\n",
			"No matching distribution found for p==1",
		},
		"npm without network": {
			`npm error code EAI_AGAIN
npm error syscall getaddrinfo
npm error errno EAI_AGAIN
npm error request to https://registry.example/p failed, reason: getaddrinfo EAI_AGAIN registry.example
npm error A complete log of this run can be found in: /var/log/npm/_logs/debug-0.log
`, "getaddrinfo EAI_AGAIN registry.example",
		},
		"npm without such a package": {
			`npm error code E404
npm error 404 Not Found - GET https://registry.example/p
npm error 404
npm error 404  The requested resource 'p@1' could not be found or you do not have permission to access it.
npm error 404
npm error 404 Note that you can also install from a
npm error 404 tarball, folder, http url, or git url.
npm notice New minor version of npm available!
npm error A complete log of this run can be found in: /var/log/npm/_logs/debug-0.log
`, "The requested resource 'p@1' could not be found or you do not have permission to access it.",
		},
		"Maven without such an artifact": {
			"\x1b[0m[ERROR] Failed to execute goal x: Could not find artifact a:b\n[ERROR] \n[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.\n[ERROR] Re-run Maven using the -X switch\n[ERROR] \n[ERROR] For more information about the errors\n[ERROR] [Help 1] http://cwiki.example\n\x1b[0m",
			"Failed to execute goal x: Could not find artifact a:b",
		},
		"Maven without network": {
			"[ERROR] Plugin could not be resolved: transfer failed for https://repo.example/x.pom: Unknown host repo.example: Name or service not known -> [Help 1]\n[ERROR] \n",
			"Unknown host repo.example",
		},
		"go without network": {
			`m@v1.0.1: Get "https://proxy.example/m/@v/v1.0.1.info": dial tcp: lookup proxy.example: no such host`,
			"no such host",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, lastUseful(test.out)) })
	}
}

func TestClientErrorKeepsTheCause(t *testing.T) {
	cause := errors.New("exit status 7")
	err := clientError("npm", "npm ERR! odd\n", cause)
	require.ErrorIs(t, err, cause)
	assert.Equal(t, "npm failed: odd (exit status 7); check the network and the registry that npm is configured for, then run this again", err.Error())
}

func FuzzLastUseful(f *testing.F) {
	f.Add("ERROR: x\n[ERROR] [ERROR] y\x1b[0m")
	f.Fuzz(func(t *testing.T, out string) {
		got := lastUseful(out)
		assert.NotEmpty(t, got)
		assert.NotContains(t, got, "\n")
	})
}
