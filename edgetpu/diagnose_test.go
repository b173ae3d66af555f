package edgetpu_test

import (
	"context"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/model"
)

const libraryFile = "usr/lib/x86_64-linux-gnu/libedgetpu.so.1"

// elfHeader is the beginning of a shared library for a processor.
func elfHeader(machine elf.Machine, data elf.Data) []byte {
	b := make([]byte, 64)
	copy(b, elf.ELFMAG)
	b[elf.EI_CLASS], b[elf.EI_DATA], b[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(data), 1
	var order binary.ByteOrder = binary.LittleEndian
	if data == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	order.PutUint16(b[16:], uint16(elf.ET_DYN))
	order.PutUint16(b[18:], uint16(machine))
	return b
}

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content), Mode: 0o644} }

// system is what a diagnosis reads besides sys and dev: a Debian with libedgetpu, where
// nothing is wrong.
func system() fstest.MapFS {
	return fstest.MapFS{
		libraryFile:                 file(string(elfHeader(elf.EM_X86_64, elf.ELFDATA2LSB))),
		"proc/sys/kernel/osrelease": file("6.1.0-18-amd64\n"),
		"proc/1/cgroup":             file("0::/init.scope\n"),
		"etc/passwd":                file("root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/:/bin/sh\n"),
		"etc/group":                 file("root:x:0:\nplugdev:x:46:grace,ada\napex:x:998:\nbroken\n"),
	}
}

// healthy are the options of a machine with nothing wrong; later ones override them.
func healthy(root machine, sys fs.FS, more ...edgetpu.DiagnoseOption) []edgetpu.DiagnoseOption {
	return append([]edgetpu.DiagnoseOption{
		edgetpu.WithRoot(string(root)), edgetpu.WithSystem(sys), edgetpu.WithPlatform("linux", "amd64"),
		edgetpu.WithUser(1000, 1000), edgetpu.WithPageSize(4096), edgetpu.WithEnvironment(nil),
	}, more...)
}

// version is a library probe that finds that version.
func version(text string) edgetpu.DiagnoseOption {
	return edgetpu.WithLibraryProbe(func(context.Context, string) (string, error) { return text, nil })
}

func unloadable(text string) edgetpu.DiagnoseOption {
	return edgetpu.WithLibraryProbe(func(context.Context, string) (string, error) { return "", errors.New(text) })
}

// opens has the devices opened, with that result.
func opens(err error) edgetpu.DiagnoseOption {
	return edgetpu.WithOpenProbe(func(context.Context, edgetpu.Device) error { return err })
}

func denied(err error) edgetpu.ProbeOption {
	return edgetpu.WithAccess(func(string) error { return err })
}

func modelFile(t *testing.T, path string) *model.Model {
	t.Helper()
	m, err := model.ReadFile(filepath.FromSlash(path))
	require.NoError(t, err)
	return m
}

const (
	compiled   = "../model/testdata/pets_edgetpu.tflite" // needs runtime 13, has a SOFTMAX left and open DMA hints
	uncompiled = "../model/testdata/pets.tflite"
	damaged    = "../tflite/testdata/pair_edgetpu.tflite" // an operator for the Edge TPU with nothing in it
)

// A scene is a machine in one state, and what Diagnose says of it.
type scene struct {
	set  func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption
	want []string // "severity id"
	says []string // anywhere in message or fix
}

const (
	usbDevice  = "/sys/bus/usb/devices/2-1"
	pcieDevice = "/dev/apex_0"
)

// Pieces of scenes.

func withUSB(id, speed string) func(*testing.T, machine, fstest.MapFS) []edgetpu.DiagnoseOption {
	return func(t *testing.T, m machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
		m.usb(t, "2-1", usbAttrs(id, speed, "3"))
		m.node(t, "dev/bus/usb/002/003")
		return nil
	}
}

func withApex(a attrs, opts ...edgetpu.DiagnoseOption) func(*testing.T, machine, fstest.MapFS) []edgetpu.DiagnoseOption {
	return func(t *testing.T, m machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
		m.apex(t, "apex_0", apexAttrs(a))
		return opts
	}
}

// withReady is a good USB device, and what more does to the machine.
func withReady(more func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption) func(*testing.T, machine, fstest.MapFS) []edgetpu.DiagnoseOption {
	return func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
		withUSB(ready, "5000")(t, m, sys)
		return more(t, m, sys)
	}
}

// pciFunction puts an Edge TPU on the PCIe bus, with a driver if it has one.
func (m machine) pciFunction(tb testing.TB, address, driver string) {
	tb.Helper()
	dir := "sys/bus/pci/devices/" + address
	m.mkdir(tb, dir)
	m.write(tb, dir+"/vendor", "0x1ac1\n")
	m.write(tb, dir+"/device", "0x089a\n")
	if driver != "" {
		m.mkdir(tb, "sys/bus/pci/drivers/"+driver)
		require.NoError(tb, os.Symlink("../../drivers/"+driver, m.path(dir+"/driver")))
	}
}

func withFunction(driver, release string) func(*testing.T, machine, fstest.MapFS) []edgetpu.DiagnoseOption {
	return func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
		m.pciFunction(t, "0000:03:00.0", driver)
		sys["proc/sys/kernel/osrelease"] = file(release + "\n")
		return nil
	}
}

// withModel is a good USB device and a model, with more options.
func withModel(path string, opts ...edgetpu.DiagnoseOption) func(*testing.T, machine, fstest.MapFS) []edgetpu.DiagnoseOption {
	return withReady(func(t *testing.T, _ machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
		return append(opts, edgetpu.WithModel(modelFile(t, path)))
	})
}

// withOptions is a good USB device, and options.
func withOptions(opts ...edgetpu.DiagnoseOption) func(*testing.T, machine, fstest.MapFS) []edgetpu.DiagnoseOption {
	return withReady(func(*testing.T, machine, fstest.MapFS) []edgetpu.DiagnoseOption { return opts })
}

// withLibraries is a good USB device, and these files in place of libedgetpu.
func withLibraries(files map[string][]byte, opts ...edgetpu.DiagnoseOption) func(*testing.T, machine, fstest.MapFS) []edgetpu.DiagnoseOption {
	return withReady(func(_ *testing.T, _ machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
		delete(sys, libraryFile)
		for name, content := range files {
			sys[name] = file(string(content))
		}
		return opts
	})
}

// notOK leaves out what is good.
func notOK(findings []edgetpu.Finding) (wrong []edgetpu.Finding) {
	for _, f := range findings {
		if f.Severity != edgetpu.OK {
			wrong = append(wrong, f)
		}
	}
	return wrong
}

func TestDiagnose(t *testing.T) {
	amd64 := elfHeader(elf.EM_X86_64, elf.ELFDATA2LSB)
	arm64 := elfHeader(elf.EM_AARCH64, elf.ELFDATA2LSB)
	scenes := map[string]scene{
		"nothing wrong with USB":  {withUSB(ready, "5000"), nil, nil},
		"nothing wrong with PCIe": {withApex(nil), nil, nil},
		"USB 3.2":                 {withUSB(ready, "10000"), nil, nil},
		"unknown speed":           {withUSB(ready, ""), nil, nil},

		"no device": {
			func(*testing.T, machine, fstest.MapFS) []edgetpu.DiagnoseOption { return nil },
			[]string{"error no-device"},
			[]string{"plug one in", "1a6e:089a", "18d1:9302", "1ac1:089a"},
		},
		"no device in a container": {
			func(_ *testing.T, _ machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				sys[".dockerenv"] = file("")
				return nil
			},
			[]string{"error no-device"},
			[]string{"-v /dev/bus/usb:/dev/bus/usb", `--device-cgroup-rule "c 189:* rwm"`, "--device /dev/apex_0"},
		},
		"none of that type": {
			withOptions(edgetpu.WithSelector(selector(t, "pci:1"))),
			[]string{"error no-device"},
			[]string{`"pci:1"`, "coral devices"},
		},

		"uninitialised": {withUSB(uninitialised, "5000"), []string{"info uninitialised"}, []string{"normal", ready}},
		"USB 2": {
			withUSB(uninitialised, "480"),
			[]string{"warning usb2", "info uninitialised"},
			[]string{"480 Mbit/s", "cable", "Dev Board Mini"},
		},

		"dead":           {withApex(attrs{"status": "DEAD"}), []string{"error dead"}, []string{"DEAD", "dmesg"}},
		"off the bus":    {withApex(attrs{"temp": "-89700"}), []string{"error off-bus"}, []string{"-89.7 °C", "off and on"}},
		"dead and off":   {withApex(attrs{"temp": "-89700", "status": "DEAD"}), []string{"error off-bus"}, nil},
		"lamed":          {withApex(attrs{"status": "LAMED"}), []string{"error lamed"}, []string{"interrupts", "dmesg"}},
		"overheated":     {withApex(attrs{"temp": "100000"}), []string{"error overheated"}, []string{"100.0 °C", "cool it"}},
		"throttled":      {withApex(attrs{"temp": "85000"}), []string{"warning throttled"}, []string{"250 of 500 MHz", "cool it"}},
		"throttled more": {withApex(attrs{"temp": "94750"}), []string{"warning throttled"}, []string{"125 of"}},
		"throttled most": {withApex(attrs{"temp": "99000"}), []string{"warning throttled"}, []string{"62.5 of"}},
		"just not hot":   {withApex(attrs{"temp": "84750"}), nil, nil},
		"no trip points": {withApex(attrs{"temp": "99000", "trip_point0_temp": "", "trip_point1_temp": "", "trip_point2_temp": ""}), nil, nil},

		"USB without rule": {
			withOptions(denied(fs.ErrPermission)),
			[]string{"error no-permission"},
			[]string{"/dev/bus/usb/002/003", `GROUP="plugdev"`, "99-edgetpu.rules", "usermod -aG plugdev"},
		},
		"PCIe without rule": {
			withApex(nil, denied(fs.ErrPermission)),
			[]string{"error no-permission"},
			[]string{`GROUP="apex"`, "65-apex.rules"},
		},
		"node missing": {
			withOptions(denied(fs.ErrNotExist)), []string{"error no-node"}, []string{"udevadm trigger"},
		},
		"PCIe node missing": {
			withApex(nil, denied(fs.ErrNotExist)), []string{"error no-node"}, []string{"--subsystem-match=apex"},
		},
		"node unknown": {
			func(t *testing.T, m machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
				m.usb(t, "2-1", usbAttrs(ready, "5000", ""))
				return nil
			},
			[]string{"error no-node"},
			[]string{"plug it in again"},
		},
		"container without USB node": {
			withReady(func(_ *testing.T, _ machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				sys["run/.containerenv"] = file("")
				return []edgetpu.DiagnoseOption{denied(fs.ErrNotExist)}
			}),
			[]string{"error container-without-node"},
			[]string{"-v /dev/bus/usb:/dev/bus/usb", `--device-cgroup-rule "c 189:* rwm"`},
		},
		"container without PCIe node": {
			func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				sys["proc/1/cgroup"] = file("12:devices:/kubepods/burstable/pod1\n")
				return withApex(nil, denied(fs.ErrNotExist))(t, m, sys)
			},
			[]string{"error container-without-node"},
			[]string{"--device /dev/apex_0"},
		},
		"container rules": {
			withOptions(denied(syscall.EPERM)),
			[]string{"error container-rules"},
			[]string{`"c 189:* rwm"`},
		},
		"folder for a node": {
			func(t *testing.T, m machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
				m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
				m.mkdir(t, "dev/bus/usb/002/003")
				return nil
			},
			[]string{"error container-without-node"},
			nil,
		},

		"owned": {
			func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				m.process(t, 4711, "frigate")
				return withApex(attrs{"is_device_owned": "1", "device_owner": "4711"})(t, m, sys)
			},
			[]string{"error device-busy"},
			[]string{"process 4711 (frigate)", "kill 4711"},
		},
		"claimed": {
			withReady(func(t *testing.T, m machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
				m.claim(t, "2-1", "1.0")
				m.process(t, 4711, "python3", stickNode)
				return nil
			}),
			[]string{"error device-busy"},
			[]string{"process 4711 (python3) has the device", "stop python3: kill 4711"},
		},
		"claimed by the worker of a program": {
			withReady(func(t *testing.T, m machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
				m.claim(t, "2-1", "1.0")
				m.process(t, 4711, "camera")
				m.worker(t, 4712, 4711, stickNode)
				return nil
			}),
			[]string{"error device-busy"},
			[]string{"process 4711 (camera) has the device", "stop camera: kill 4711"},
		},
		"claimed by whom nobody may see": {
			withReady(func(t *testing.T, m machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
				m.claim(t, "2-1", "1.0")
				return nil
			}),
			[]string{"error device-busy"},
			[]string{"another container or of another user", "stop the program that uses it"},
		},
		"device that hangs": {
			withOptions(opens(fmt.Errorf("too late: %w", context.DeadlineExceeded))),
			[]string{"error device-hangs"},
			[]string{"did not end in time", "plug it in again", "another cable"},
		},
		"library that hangs": {
			withOptions(opens(edgetpu.ErrRuntimeStuck)), []string{"error device-hangs"}, nil,
		},
		"PCIe device that hangs": {
			withApex(nil, opens(edgetpu.ErrRuntimeStuck)), []string{"error device-hangs"}, []string{"dmesg", "off and on"},
		},
		"device that does not open": {
			withOptions(opens(errors.New("no delegate"))),
			[]string{"error device-does-not-open"},
			[]string{"opening the device failed: no delegate"},
		},
		"device that need not be tried": {
			withOptions(denied(fs.ErrPermission), opens(errors.New("no delegate"))), []string{"error no-permission"}, nil,
		},
		"device for which there is no library": {
			withLibraries(nil, opens(errors.New("no delegate"))), []string{"error library-missing"}, nil,
		},
		"owned by a nameless process": {
			withApex(attrs{"is_device_owned": "1", "device_owner": "4711"}),
			[]string{"error device-busy"},
			[]string{"process 4711 has"},
		},
		"owned elsewhere": {
			withApex(attrs{"is_device_owned": "1", "device_owner": "0"}),
			[]string{"error device-busy"},
			[]string{"another container"},
		},
		"owned by this process": {withApex(attrs{"is_device_owned": "1", "device_owner": fmt.Sprint(os.Getpid())}), nil, nil},

		"PCIe without driver": {
			withFunction("", "6.1.0-18-amd64"),
			[]string{"error pcie-without-driver"},
			[]string{"1ac1:089a at 0000:03:00.0", "apt install gasket-dkms linux-headers-6.1.0-18-amd64", "sudo modprobe apex"},
		},
		"PCIe without driver, kernel 6.4": {
			withFunction("", "6.4.0"), []string{"error pcie-without-driver"}, []string{"google/gasket-driver", "6.4.0"},
		},
		"PCIe without driver, kernel 6.12": {
			withFunction("", "6.12.34+rpt-rpi-2712"), []string{"error pcie-without-driver"}, []string{"pull requests for Linux 6.12"},
		},
		"PCIe without driver, kernel 7": {
			withFunction("", "7.0-rc1"), []string{"error pcie-without-driver"}, []string{"pull requests for Linux 6.12"},
		},
		"PCIe without driver, kernel unknown": {
			withFunction("", ""), []string{"error pcie-without-driver"}, []string{"linux-headers-$(uname -r)"},
		},
		"PCIe for a virtual machine": {
			withFunction("vfio-pci", "6.1.0"),
			[]string{"error pcie-without-driver"},
			[]string{"vfio-pci", "/sys/bus/pci/devices/0000:03:00.0/driver/unbind"},
		},
		"PCIe driver failed": {
			withFunction("apex", "6.1.0"), []string{"error pcie-without-driver"}, []string{"could not make a device", "dmesg"},
		},
		"PCIe driven": {
			func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				m.pciFunction(t, "0000:01:00.0", "apex") // as apexAttrs has it
				m.pciFunction(t, "0000:02:00.0", "apex")
				m.mkdir(t, "sys/bus/pci/devices/0000:02:00.0/apex/apex_1")
				return withApex(nil)(t, m, sys)
			}, nil, nil,
		},
		"PCIe without driver, USB meant": {
			withReady(func(t *testing.T, m machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
				m.pciFunction(t, "0000:03:00.0", "")
				return []edgetpu.DiagnoseOption{edgetpu.WithSelector(selector(t, "usb"))}
			}), nil, nil,
		},
		"another PCIe device": {
			withReady(func(t *testing.T, m machine, _ fstest.MapFS) []edgetpu.DiagnoseOption {
				m.pciFunction(t, "0000:03:00.0", "")
				m.write(t, "sys/bus/pci/devices/0000:03:00.0/device", "0x089b\n")
				return nil
			}), nil, nil,
		},

		"large pages": {
			withApex(nil, edgetpu.WithPageSize(16384)),
			[]string{"error page-size"},
			[]string{"16384", "4096", "kernel=kernel8.img"},
		},
		"large pages without driver": {
			func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				withFunction("", "6.6.20")(t, m, sys)
				return []edgetpu.DiagnoseOption{edgetpu.WithPageSize(65536)}
			},
			[]string{"error pcie-without-driver", "error page-size"},
			nil,
		},
		"large pages with USB": {withOptions(edgetpu.WithPageSize(16384)), nil, nil},

		"no library": {
			withLibraries(nil),
			[]string{"error library-missing"},
			[]string{"libedgetpu.so.1", "apt install libedgetpu1-std", "libedgetpu1-max", "CORAL_EDGETPU_LIB"},
		},
		"no library for the loader": {
			withLibraries(nil, unloadable("cannot open shared object file")),
			[]string{"error library-missing"},
			[]string{"cannot open shared object file"},
		},
		"library that only the loader finds": {withLibraries(nil, version("RuntimeVersion(14)")), nil, nil},
		"library on another system":          {withLibraries(nil, edgetpu.WithPlatform("darwin", "arm64")), nil, nil},
		"no library on another system": {
			withLibraries(nil, edgetpu.WithPlatform("darwin", "arm64"), unloadable("image not found")),
			[]string{"error library-missing"},
			[]string{"image not found", "coral.ai/software"},
		},
		"library in usr/local": {withLibraries(map[string][]byte{"usr/local/lib/libedgetpu.so.1": amd64}), nil, nil},
		"library in LD_LIBRARY_PATH": {
			withLibraries(map[string][]byte{"opt/tpu/libedgetpu.so.1": amd64},
				edgetpu.WithEnvironment(map[string]string{"LD_LIBRARY_PATH": "/nowhere::/opt/tpu"})), nil, nil,
		},
		"library in the loader's cache": {
			withLibraries(map[string][]byte{
				"opt/tpu/libedgetpu.so.1": amd64,
				"etc/ld.so.cache":         []byte("glibc-ld.so.cache1.1\x01\x00\x00libedgetpu.so.1\x00/opt/tpu/libedgetpu.so.1\x00libm.so.6\x00"),
			}), nil, nil,
		},
		"library named by the environment": {
			withLibraries(map[string][]byte{"opt/tpu.so": amd64},
				edgetpu.WithEnvironment(map[string]string{"CORAL_EDGETPU_LIB": "/opt/tpu.so"})), nil, nil,
		},
		"library named by the environment, missing": {
			withOptions(edgetpu.WithEnvironment(map[string]string{"CORAL_EDGETPU_LIB": "/opt/tpu.so"})),
			[]string{"error library-missing"},
			[]string{"/opt/tpu.so"},
		},
		"library named by the caller": {
			withOptions(edgetpu.WithLibrary("/opt/mine.so"), edgetpu.WithEnvironment(map[string]string{"CORAL_EDGETPU_LIB": "/" + libraryFile})),
			[]string{"error library-missing"},
			[]string{"/opt/mine.so"},
		},
		"library for another processor": {
			withLibraries(map[string][]byte{"usr/lib/aarch64-linux-gnu/libedgetpu.so.1": arm64}),
			[]string{"error library-wrong-architecture"},
			[]string{"/usr/lib/aarch64-linux-gnu/libedgetpu.so.1", "built for arm64", "program for amd64", "libedgetpu1-std:amd64"},
		},
		"library for 64 bits, program for 32": {
			withLibraries(map[string][]byte{"usr/lib/aarch64-linux-gnu/libedgetpu.so.1": arm64}, edgetpu.WithPlatform("linux", "arm")),
			[]string{"error library-wrong-architecture"},
			[]string{"libedgetpu1-std:armhf"},
		},
		"library for a big-endian processor": {
			withLibraries(map[string][]byte{"usr/lib/libedgetpu.so.1": elfHeader(elf.EM_S390, elf.ELFDATA2MSB)}),
			[]string{"error library-wrong-architecture"},
			[]string{"EM_S390"},
		},
		"libraries for both processors": {
			withLibraries(map[string][]byte{"lib/aarch64-linux-gnu/libedgetpu.so.1": arm64, libraryFile: amd64}), nil, nil,
		},
		"no shared library": {
			withLibraries(map[string][]byte{libraryFile: []byte("INPUT(libedgetpu.so.1.0)")}),
			[]string{"error library-unloadable"},
			[]string{"no shared library"},
		},
		"library without what it needs": {
			withOptions(unloadable("it needs libusb-1.0.so.0")),
			[]string{"error library-unloadable"},
			[]string{"/" + libraryFile, "it needs libusb-1.0.so.0", "--reinstall"},
		},
		"standard library": {
			withReady(func(_ *testing.T, _ machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				sys["var/lib/dpkg/info/libedgetpu1-std:amd64.list"] = file("/.\n/usr\n/lib/x86_64-linux-gnu/libedgetpu.so.1\n")
				return nil
			}),
			[]string{"info library-std"},
			[]string{"250 of 500 MHz", "libedgetpu1-max"},
		},
		"standard library beside the one in use": {
			withReady(func(_ *testing.T, _ machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				sys["var/lib/dpkg/info/libedgetpu1-std.list"] = file("/usr/lib/x86_64-linux-gnu/libedgetpu.so.1\n")
				sys["opt/max.so"] = file(string(amd64))
				return []edgetpu.DiagnoseOption{edgetpu.WithLibrary("/opt/max.so")}
			}), nil, nil,
		},
		"standard library with PCIe": {
			func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				sys["var/lib/dpkg/info/libedgetpu1-std:amd64.list"] = file("/" + libraryFile + "\n")
				return withApex(nil)(t, m, sys)
			}, nil, nil,
		},
		"max library": {
			withReady(func(_ *testing.T, _ machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				sys["var/lib/dpkg/info/libedgetpu1-max:amd64.list"] = file("/" + libraryFile + "\n")
				return nil
			}), nil, nil,
		},

		"model for a newer library": {
			withModel(compiled, version("BuildLabel(x), RuntimeVersion(12)")),
			[]string{"error library-too-old", "warning model-needs-descriptors", "info model-cpu-operators"},
			[]string{"RuntimeVersion(13)", "has 12", "apt install", "--min_runtime_version 12"},
		},
		"model for this library": {
			withModel(compiled, version("BuildLabel(x), RuntimeVersion(13)")),
			[]string{"warning model-needs-descriptors", "info model-cpu-operators"},
			nil,
		},
		"model and a library of unknown version": {
			withModel(compiled, version("BuildLabel(x)")),
			[]string{"warning model-needs-descriptors", "info model-cpu-operators"},
			[]string{"USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE=1", "in their worker process", "left to the CPU: 1 (1 SOFTMAX)"},
		},
		"model with the descriptors on": {
			withModel(compiled, edgetpu.WithEnvironment(map[string]string{"USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE": "1"})),
			[]string{"info model-cpu-operators"},
			nil,
		},
		"model with the descriptors off": {
			withModel(compiled, edgetpu.WithEnvironment(map[string]string{"USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE": "0"})),
			[]string{"warning model-needs-descriptors", "info model-cpu-operators"},
			nil,
		},
		"model with PCIe": {
			func(t *testing.T, m machine, sys fstest.MapFS) []edgetpu.DiagnoseOption {
				return withApex(nil, edgetpu.WithModel(modelFile(t, compiled)))(t, m, sys)
			},
			[]string{"info model-cpu-operators"},
			nil,
		},
		"model that is not compiled": {
			withModel(uncompiled, version("RuntimeVersion(1)")),
			[]string{"warning model-not-compiled"},
			[]string{"edgetpu_compiler MODEL.tflite"},
		},
		"model that is damaged": {
			withModel(damaged, version("RuntimeVersion(1)")),
			[]string{"error model-damaged"},
			[]string{"edgetpu_compiler"},
		},
	}
	for name, s := range scenes {
		t.Run(name, func(t *testing.T) {
			m, sys := newMachine(t), system()
			options := healthy(m, sys, s.set(t, m, sys)...)
			findings, err := edgetpu.Diagnose(t.Context(), options...)
			require.NoError(t, err)

			var got, text []string
			for _, f := range findings {
				requireWellFormed(t, f)
			}
			for _, f := range notOK(findings) {
				got = append(got, string(f.Severity)+" "+f.ID)
				text = append(append(text, f.Message), f.Fixes...)
			}
			assert.Equal(t, s.want, got)
			for _, want := range s.says {
				assert.Contains(t, strings.Join(text, "\n"), want)
			}
			requireUnusableExplained(t, findings, options)
			documented(t, findings)
		})
	}
}

// On a healthy machine the diagnosis says what it is that is good.
func TestDiagnoseGood(t *testing.T) {
	m := newMachine(t)
	withUSB(ready, "5000")(t, m, nil)
	m.apex(t, "apex_0", apexAttrs(nil))
	const label = "BuildLabel(COMPILER=6.3.0), RuntimeVersion(14)"
	tests := map[string]struct {
		options []edgetpu.DiagnoseOption
		want    []string
	}{
		"as seen": {nil, []string{
			"permission /dev/apex_0: this process may read and write /dev/apex_0",
			"permission " + usbDevice + ": this process may read and write /dev/bus/usb/002/003",
			"port-speed " + usbDevice + ": the device runs at 5000 Mbit/s, which is all it can",
			"library : libedgetpu is /" + libraryFile,
			"device-looks-usable /dev/apex_0: ", "device-looks-usable " + usbDevice + ": ",
		}},
		"with all probes": {
			[]edgetpu.DiagnoseOption{version(label), opens(nil), edgetpu.WithSelector(selector(t, "usb"))},
			[]string{
				"permission " + usbDevice + ": ", "port-speed " + usbDevice + ": ",
				"library : libedgetpu is /" + libraryFile + ", " + label,
				"device-opens " + usbDevice + ": the device was opened, and answers",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			findings, err := edgetpu.Diagnose(t.Context(), healthy(m, system(), test.options...)...)
			require.NoError(t, err)
			documented(t, findings)
			require.Len(t, findings, len(test.want))
			for i, f := range findings {
				requireWellFormed(t, f)
				assert.Equal(t, edgetpu.OK, f.Severity)
				assert.Contains(t, fmt.Sprintf("%s %s: %s", f.ID, f.Device, f.Message), test.want[i])
			}
		})
	}
}

// A device that hangs when it is opened does not hold up the diagnosis for ever.
func TestDiagnoseOpeningHasADeadline(t *testing.T) {
	m := newMachine(t)
	withUSB(ready, "5000")(t, m, nil)
	var bounded bool
	_, err := edgetpu.Diagnose(t.Context(), healthy(m, system(),
		edgetpu.WithOpenProbe(func(ctx context.Context, d edgetpu.Device) error {
			_, bounded = ctx.Deadline()
			assert.Equal(t, usbDevice, d.Path)
			return nil
		}))...)
	require.NoError(t, err)
	assert.True(t, bounded)
}

func selector(t *testing.T, spec string) edgetpu.Selector {
	t.Helper()
	s, err := edgetpu.ParseDevice(spec)
	require.NoError(t, err)
	return s
}

// requireWellFormed holds what is true of every finding.
func requireWellFormed(t *testing.T, f edgetpu.Finding) {
	t.Helper()
	assert.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, f.ID)
	assert.NotEmpty(t, f.Message)
	for _, text := range append([]string{f.Message}, f.Fixes...) {
		assert.NotContains(t, text, "\n")
		assert.NotContains(t, text, "; ", "one remedy each")
		assert.NotContains(t, text, "%!", "a wrong format")
		assert.Contains(t, f.String(), text)
	}
	switch f.Severity {
	case edgetpu.Error, edgetpu.Warning:
		assert.NotEmpty(t, f.Fixes)
	case edgetpu.OK:
		assert.Empty(t, f.Fixes)
	}
	assert.Contains(t, f.String(), f.ID)
}

// requireUnusableExplained: a device that Usable refuses has a finding that is an error.
func requireUnusableExplained(t *testing.T, findings []edgetpu.Finding, options []edgetpu.DiagnoseOption) {
	t.Helper()
	var probeOptions []edgetpu.ProbeOption
	for _, o := range options {
		if o, ok := o.(edgetpu.ProbeOption); ok {
			probeOptions = append(probeOptions, o)
		}
	}
	for _, d := range probe(t, probeOptions...) {
		explained := slices.ContainsFunc(findings, func(f edgetpu.Finding) bool {
			seen := f.ID != "device-hangs" && f.ID != "device-does-not-open" // shows only when it is opened
			return f.Device == d.Path && f.Severity == edgetpu.Error && seen
		})
		assert.Equal(t, d.Usable() != nil, explained, "%v of %v", d.Usable(), findings)
	}
}

// documented makes sure that the comment of Diagnose has the ID and its severity.
func documented(t *testing.T, findings []edgetpu.Finding) {
	t.Helper()
	source, err := os.ReadFile("diagnose.go")
	require.NoError(t, err)
	for _, f := range findings {
		pattern := `(?m)^//	([a-z0-9-]+, )*` + f.ID + `(, [a-z0-9-]+)* +[^(]`
		if f.Severity != edgetpu.Error {
			pattern = `(?m)^//	` + f.ID + ` +\(` + string(f.Severity) + `\)`
		}
		assert.Regexp(t, pattern, string(source))
	}
}

func TestDiagnoseOrder(t *testing.T) {
	m, sys := newMachine(t), system()
	delete(sys, libraryFile)
	withUSB(uninitialised, "480")(t, m, sys)
	m.apex(t, "apex_0", apexAttrs(attrs{"temp": "90000"}))
	m.apex(t, "apex_1", apexAttrs(attrs{"status": "DEAD"}))
	findings, err := edgetpu.Diagnose(t.Context(), healthy(m, sys)...)
	require.NoError(t, err)
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.ID, f.Device))
	}
	assert.Equal(t, []string{
		"error dead /dev/apex_1", "error library-missing ",
		"warning throttled /dev/apex_0", "warning usb2 " + usbDevice,
		"info uninitialised " + usbDevice,
		"ok permission /dev/apex_0", "ok permission /dev/apex_1", "ok permission " + usbDevice,
	}, got)
}

func TestDiagnoseSelected(t *testing.T) {
	m := newMachine(t)
	withUSB(ready, "480")(t, m, nil)
	m.apex(t, "apex_0", apexAttrs(attrs{"status": "DEAD"}))
	for spec, want := range map[string]string{"usb": "usb2", pcieDevice: "dead", ":0": "dead", ":1": "usb2"} {
		findings, err := edgetpu.Diagnose(t.Context(), healthy(m, system(), edgetpu.WithSelector(selector(t, spec)))...)
		require.NoError(t, err)
		findings = notOK(findings)
		require.Len(t, findings, 1, spec)
		assert.Equal(t, want, findings[0].ID)
	}
}

// The probe is asked for what Load would open, and only when the file can be loaded.
func TestDiagnoseLibraryProbe(t *testing.T) {
	m, sys := newMachine(t), system()
	withUSB(ready, "5000")(t, m, sys)
	var asked []string
	probing := edgetpu.WithLibraryProbe(func(_ context.Context, path string) (string, error) {
		asked = append(asked, path)
		return "RuntimeVersion(14)", nil
	})
	for _, more := range [][]edgetpu.DiagnoseOption{
		{probing},
		{probing, edgetpu.WithLibrary("/" + libraryFile)},
		{probing, edgetpu.WithPlatform("linux", "arm64")},
	} {
		_, err := edgetpu.Diagnose(t.Context(), healthy(m, sys, more...)...)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"libedgetpu.so.1", "/" + libraryFile}, asked)
}

// The findings of real models, compiled by Google's compiler.
func TestDiagnoseRealModels(t *testing.T) {
	const folder = "../../shared/testdata/models/"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("conformance data: ", err)
	}
	m := newMachine(t)
	withUSB(ready, "5000")(t, m, nil)
	for name, want := range map[string][]string{
		"mobilenet_v1_0.25_128_quant":       nil,
		"keras_lstm_mnist_ptq":              {"model-needs-descriptors"},
		"deeplabv3_mnv2_pascal_quant":       {"model-cpu-operators"},
		"split_concat":                      {"library-too-old"},
		"movenet_single_pose_lightning_ptq": {"model-cpu-operators"},
	} {
		findings, err := edgetpu.Diagnose(t.Context(), healthy(m, system(),
			edgetpu.WithModel(modelFile(t, folder+name+"_edgetpu.tflite")), version("RuntimeVersion(12)"))...)
		require.NoError(t, err)
		var ids []string
		for _, f := range notOK(findings) {
			ids = append(ids, f.ID)
		}
		assert.Equal(t, want, ids, name)
	}
}

// A good model has a finding as well.
func TestDiagnoseModel(t *testing.T) {
	findings, err := edgetpu.Diagnose(t.Context(), healthy(newMachine(t), system(), edgetpu.WithModel(modelFile(t, compiled)))...)
	require.NoError(t, err)
	k := slices.IndexFunc(findings, func(f edgetpu.Finding) bool { return f.ID == "model" })
	require.GreaterOrEqual(t, k, 0)
	assert.Equal(t, edgetpu.OK, findings[k].Severity)
	assert.Contains(t, findings[k].Message, "RuntimeVersion(13) and later")
	assert.Contains(t, findings[k].Message, "bytes of parameters")
}

// Findings about devices are in the order in which they are listed.
func TestDiagnoseKeepsTheOrder(t *testing.T) {
	m := newMachine(t)
	slow := usbAttrs(ready, "480", "4")
	slow["busnum"] = "1"
	m.usb(t, "1-1", slow)
	m.node(t, "dev/bus/usb/001/004")
	withUSB(ready, "5000")(t, m, nil)
	findings, err := edgetpu.Diagnose(t.Context(), healthy(m, system())...)
	require.NoError(t, err)
	devices, err := edgetpu.Probe(t.Context(), edgetpu.WithRoot(string(m)))
	require.NoError(t, err)
	require.Len(t, devices, 2)
	var paths []string
	for _, f := range findings {
		if f.ID == "device-looks-usable" {
			paths = append(paths, f.Device)
		}
	}
	assert.Equal(t, []string{devices[0].Path, devices[1].Path}, paths)
}

// A library that was named has its name checked first.
func TestDiagnoseOfAMissingLibraryThatWasNamed(t *testing.T) {
	why := unloadable("open library: cannot open shared object file (there is no such file)")
	for want, option := range map[string]edgetpu.DiagnoseOption{
		"check the path given with WithLibrary": edgetpu.WithLibrary("/opt/nope.so"),
		"check CORAL_EDGETPU_LIB":               edgetpu.WithEnvironment(map[string]string{"CORAL_EDGETPU_LIB": "/opt/nope.so"}),
	} {
		findings, err := edgetpu.Diagnose(t.Context(), healthy(newMachine(t), system(), why, option)...)
		require.NoError(t, err)
		k := slices.IndexFunc(findings, func(f edgetpu.Finding) bool { return f.ID == "library-missing" })
		require.GreaterOrEqual(t, k, 0)
		assert.Equal(t, "there is no /opt/nope.so", findings[k].Message)
		assert.Equal(t, want, findings[k].Fixes[0])
	}
}

func TestDiagnoseErrors(t *testing.T) {
	_, err := edgetpu.Diagnose(t.Context(), edgetpu.WithRoot(filepath.Join(t.TempDir(), "missing")))
	require.ErrorIs(t, err, fs.ErrNotExist)

	ctx, cancel := context.WithCancel(t.Context())
	ended := edgetpu.WithLibraryProbe(func(context.Context, string) (string, error) {
		cancel()
		return "", context.Canceled
	})
	_, err = edgetpu.Diagnose(ctx, healthy(newMachine(t), system(), ended)...)
	require.ErrorIs(t, err, context.Canceled, "a probe that was cut off is no finding")
	_, err = edgetpu.Diagnose(ctx, healthy(newMachine(t), system())...)
	require.ErrorIs(t, err, context.Canceled)
}

// This very machine, with nothing injected, whatever is attached to it.
func TestDiagnoseThisMachine(t *testing.T) {
	findings, err := edgetpu.Diagnose(t.Context())
	require.NoError(t, err)
	for _, f := range findings {
		requireWellFormed(t, f)
	}
}

func TestFindingJSON(t *testing.T) {
	b, err := json.Marshal(edgetpu.Finding{ID: "dead", Severity: edgetpu.Error, Message: "m", Fixes: []string{"a", "b"}, Device: pcieDevice})
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":"dead","severity":"error","message":"m","fixes":["a","b"],"device":"/dev/apex_0"}`, string(b))
}

func TestParseRuntimeVersion(t *testing.T) {
	for text, want := range map[string]int{
		"BuildLabel(COMPILER=6.3.0 20170516,DATE=redacted), RuntimeVersion(14)": 14,
		"RuntimeVersion(7)": 7, "": 0, "RuntimeVersion()": 0, "RuntimeVersion(x)": 0, "RuntimeVersion(99999999999999999999)": 0,
	} {
		assert.Equal(t, want, edgetpu.ParseRuntimeVersion(text), text)
	}
}

// A failed opening is explained by what is found on the device now.
func TestWhyDeclined(t *testing.T) {
	tests := map[string]struct {
		set      func(t *testing.T, m machine)
		sentinel error
		says     string
		silent   string
	}{
		"gone": {func(*testing.T, machine) {}, edgetpu.ErrNoDevice, "no longer attached", "looks usable"},
		"dead": {
			func(t *testing.T, m machine) { m.apex(t, "apex_0", apexAttrs(attrs{"status": "DEAD"})) },
			edgetpu.ErrNoDevice, "status DEAD", "looks usable",
		},
		"owned": {
			func(t *testing.T, m machine) {
				m.apex(t, "apex_0", apexAttrs(attrs{"is_device_owned": "1", "device_owner": "1"}))
			},
			edgetpu.ErrDeviceBusy, "kill 1", "looks usable",
		},
		"hot": {
			func(t *testing.T, m machine) { m.apex(t, "apex_0", apexAttrs(attrs{"temp": "91000"})) },
			nil, "coral doctor; warning: at 91.0 °C", "",
		},
		"well": {
			func(t *testing.T, m machine) { m.apex(t, "apex_0", apexAttrs(nil)) },
			nil, "gives no reason", "warning",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			test.set(t, m)
			m.apex(t, "apex_7", apexAttrs(attrs{"temp": "-89700"})) // not the one it is about
			t.Setenv("UMOCKDEV_DIR", string(m))
			err := edgetpu.WhyDeclined(t.Context(), edgetpu.Device{Type: edgetpu.PCIe, Path: pcieDevice})
			require.ErrorIs(t, err, edgetpu.ErrDelegateDeclined)
			for _, sentinel := range []error{edgetpu.ErrNoDevice, edgetpu.ErrDeviceBusy, edgetpu.ErrPermission} {
				assert.Equal(t, errors.Is(test.sentinel, sentinel), errors.Is(err, sentinel), "%v: %v", sentinel, err)
			}
			assert.ErrorContains(t, err, test.says)
			assert.NotContains(t, err.Error(), "off the PCIe bus")
			assert.NotContains(t, err.Error(), "\n")
			if test.silent != "" {
				assert.NotContains(t, err.Error(), test.silent)
			}
		})
	}
}

// Whatever stands in the files of the machine, there is a diagnosis.
func FuzzDiagnoseSystem(f *testing.F) {
	f.Add("etc/ld.so.cache", []byte("\x00/a/libedgetpu.so.1\x00"))
	f.Add(libraryFile, []byte("\x7fELF"))
	f.Add("etc/group", []byte(":::\n::46:\nx"))
	f.Add("proc/sys/kernel/osrelease", []byte("6."))
	f.Add("var/lib/dpkg/info/libedgetpu1-std.list", []byte("\n"))
	root := newMachine(f)
	root.usb(f, "2-1", usbAttrs(ready, "480", "3"))
	root.pciFunction(f, "0000:03:00.0", "")
	names := slices.Sorted(maps.Keys(system()))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if !fs.ValidPath(name) || name == "." || slices.ContainsFunc(names, func(n string) bool {
			return strings.HasPrefix(n, name+"/") || strings.HasPrefix(name, n+"/")
		}) {
			t.Skip("not the name of a file here")
		}
		sys := system()
		sys[name] = file(string(content))
		findings, err := edgetpu.Diagnose(t.Context(), healthy(root, sys, denied(fs.ErrPermission))...)
		require.NoError(t, err)
		require.NotEmpty(t, findings)
	})
}
