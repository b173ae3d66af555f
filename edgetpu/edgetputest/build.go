package edgetputest

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
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
	// flagsEnv adds flags to the compiler's, such as -fsanitize=address, and
	// linkFlagsEnv to the linker's, which are the same ones where it is not set.
	flagsEnv     = "EDGETPU_SIM_CFLAGS"
	linkFlagsEnv = "EDGETPU_SIM_LDFLAGS"
)

// compileFlags leave warnings warnings: an unheard-of compiler may have more of them.
var compileFlags = []string{"-c", "-std=c11", "-O1", "-g", "-fPIC", "-fvisibility=hidden", "-pthread", "-Wall", "-Wextra"}

var linkFlags = []string{"-shared", "-pthread"}

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
	key := os.Getenv("CC") + "\n" + os.Getenv(flagsEnv) + "\n" + os.Getenv(linkFlagsEnv)
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
	t := newToolchain(compiler)
	key, err := t.key()
	if err != nil {
		return nil, err
	}
	cached := cachePath(key)
	if b, err := os.ReadFile(cached); err == nil {
		return b, nil
	}
	b, err := t.build()
	if err == nil {
		store(cached, b)
	}
	return b, err
}

// toolchain is how the library is made: the commands without the names of files.
type toolchain struct{ compile, link []string }

func newToolchain(compiler []string) toolchain {
	flags := os.Getenv(flagsEnv)
	forLink, set := os.LookupEnv(linkFlagsEnv)
	if !set {
		forLink = flags
	}
	return toolchain{
		compile: slices.Concat(compiler, compileFlags, strings.Fields(flags)),
		link:    slices.Concat(compiler, linkFlags, strings.Fields(forLink)),
	}
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

// key depends on the sources, on the commands, and on which compiler that is.
func (t toolchain) key() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(source, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := source.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(b), b)
		return err
	})
	version, _ := exec.Command(t.compile[0], "--version").Output() // if it has no such flag, so be it
	fmt.Fprintf(hash, "%q\n%q\n%s", t.compile, t.link, version)
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

// build makes the library in a folder of its own and returns its bytes.
func (t toolchain) build() ([]byte, error) {
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
	var objects []string
	for _, file := range files {
		object := strings.TrimSuffix(path.Base(file), ".c") + ".o"
		if err := runIn(dir, slices.Concat(t.compile, []string{"-o", object, file})); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	if err := runIn(dir, slices.Concat(t.link, []string{"-o", "library.so"}, objects, []string{"-ldl"})); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "library.so"))
}

func runIn(dir string, command []string) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling the simulated Edge TPU: %w\n%s", err, text)
	}
	return nil
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
