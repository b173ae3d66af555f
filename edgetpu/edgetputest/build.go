package edgetputest

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gocoral/coral/internal/cc"
)

// source is the library's C code, which has no dependency but libc.
//
//go:embed sim/*.c sim/*.h
var source embed.FS

// The environment variables that concern the build.
const (
	// libraryEnv names a library built already, for where there is no C compiler.
	libraryEnv = "EDGETPU_SIM_LIBRARY"
	// flagsEnv adds flags to the compiler's, such as -fsanitize=address.
	flagsEnv = "EDGETPU_SIM_CFLAGS"
)

// baseFlags leave warnings warnings: an unheard-of compiler may have more of them.
var baseFlags = []string{"-std=c11", "-O1", "-g", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread", "-Wall", "-Wextra"}

// errNoBuild: the simulation cannot be had here.
var errNoBuild = errors.New("the simulated Edge TPU is compiled when it is first used, and there is no C compiler")

// built are the libraries of this process by what they depend on in the environment.
var built = struct {
	sync.Mutex
	libraries map[string][]byte
}{libraries: make(map[string][]byte)}

// library returns the bytes of the simulated libedgetpu, built for this machine.
func library() ([]byte, error) {
	if path := os.Getenv(libraryEnv); path != "" {
		return os.ReadFile(path)
	}
	built.Lock()
	defer built.Unlock()
	key := os.Getenv("CC") + "\n" + os.Getenv(flagsEnv)
	if b := built.libraries[key]; b != nil {
		return b, nil
	}
	b, err := build()
	if err == nil {
		built.libraries[key] = b
	}
	return b, err
}

// build compiles the library, or takes it from the user's cache folder, where each
// build is kept under a name made of everything that went into it.
func build() ([]byte, error) {
	compiler, err := findCompiler()
	if err != nil {
		return nil, err
	}
	command := slices.Concat(compiler, baseFlags, strings.Fields(os.Getenv(flagsEnv)))
	key, err := buildKey(command)
	if err != nil {
		return nil, err
	}
	cached := cachePath(key)
	if b, err := os.ReadFile(cached); err == nil {
		return b, nil
	}
	b, err := compile(command)
	if err == nil {
		store(cached, b)
	}
	return b, err
}

// findCompiler returns the compiler that cgo uses, with its own flags.
func findCompiler() ([]string, error) {
	candidates := []string{os.Getenv("CC")}
	if out, err := exec.Command("go", "env", "CC").Output(); err == nil {
		candidates = append(candidates, string(out))
	}
	for _, c := range append(candidates, "cc", "gcc", "clang") {
		words := cc.Words(c)
		if len(words) == 0 {
			continue
		}
		if _, err := exec.LookPath(words[0]); err == nil {
			return words, nil
		}
	}
	return nil, fmt.Errorf("%w: install one, or name a library built elsewhere in %s", errNoBuild, libraryEnv)
}

// buildKey depends on the sources, on the command, and on which compiler that is.
func buildKey(command []string) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(source, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := source.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(b), b)
		return err
	})
	version, _ := exec.Command(command[0], "--version").Output() // if it has no such flag, so be it
	fmt.Fprintf(hash, "%q\n%s", command, version)
	return hex.EncodeToString(hash.Sum(nil))[:20], err
}

// cachePath is "" where the user has no cache folder.
func cachePath(key string) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "gocoral", "edgetpu-simulation", key+".so")
}

// compile builds the library in a folder of its own and returns its bytes.
func compile(command []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "edgetpu-simulation-build")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, source); err != nil {
		return nil, err
	}
	files, err := fs.Glob(source, "sim/*.c")
	if err != nil {
		return nil, err
	}
	args := slices.Concat(command[1:], []string{"-o", "library.so"}, files, []string{"-ldl"})
	cmd := exec.Command(command[0], args...)
	cmd.Dir = dir
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("compiling the simulated Edge TPU: %w\n%s", err, text.String())
	}
	return os.ReadFile(filepath.Join(dir, "library.so"))
}

// store keeps a build for next time. If it cannot, next time takes longer.
func store(path string, b []byte) {
	if path == "" || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	_ = writeAtomically(path, b, 0o700)
}

// writeAtomically lets nobody see half a file.
func writeAtomically(path string, b []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return err
	}
	return os.Rename(f.Name(), path)
}
