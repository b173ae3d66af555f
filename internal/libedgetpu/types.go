package libedgetpu

// Device types of the C interface.
const (
	PCIe = 0
	USB  = 1
)

// Entry is a device as the library lists it.
type Entry struct {
	Type int
	Path string
}

// Option is a name and a value that the library understands, such as "Performance"
// and "Max".
type Option struct{ Name, Value string }
