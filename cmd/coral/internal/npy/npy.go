// Package npy reads and writes NumPy's .npy files, the format in which coral run
// takes and gives tensors.
//
// It is its own because sbinet/npyio, at v0.6.0, writes no array of more than two
// dimensions and no half precision, reads a truncated file as if zeros followed, and
// panics on a damaged header.
//
// The format is specified in NumPy's numpy/lib/format.py: a magic string, a version,
// the length of a header, the header (a Python dictionary literal) and the elements.
package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gocoral/coral/tflite"
)

// ErrFormat is wrapped by the errors of [Parse].
var ErrFormat = errors.New("not a usable .npy file")

// Array is the content of a file.
type Array struct {
	// Shape is empty for a single number.
	Shape []int
	// Data has the elements in row-major order: []bool, []int8 … []int64, []uint8 …
	// []uint64, []float32, []float64, []tflite.Float16, []complex64, []complex128, or
	// []string for NumPy's arrays of bytes and of text.
	Data any
}

// DType is NumPy's name of the element type, such as "float32"; "bytes" for strings.
func (a Array) DType() string {
	switch a.Data.(type) {
	case []tflite.Float16:
		return "float16"
	case []string:
		return "bytes"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", a.Data), "[]")
}

const (
	magic = "\x93NUMPY"
	// maxHeader is ample: NumPy itself refuses to parse more than 10000 bytes.
	maxHeader = 1 << 20
	maxRank   = 64
)

// Parse decodes a file, whichever byte order and order of dimensions it has. The
// error wraps [ErrFormat].
func Parse(file []byte) (Array, error) {
	a, err := parse(file)
	if err != nil {
		return Array{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return a, nil
}

func parse(file []byte) (Array, error) {
	text, content, err := split(file)
	if err != nil {
		return Array{}, err
	}
	h, err := parseHeader(text)
	if err != nil {
		return Array{}, err
	}
	if err := h.check(); err != nil {
		return Array{}, err
	}
	n, err := h.elements(len(content))
	if err != nil {
		return Array{}, err
	}
	if h.fortran {
		content = rowMajor(content, h.shape, h.size)
	}
	data, err := h.decode(content, n)
	return Array{Shape: h.shape, Data: data}, err
}

// split returns the header's text and what follows it.
func split(file []byte) (text string, content []byte, err error) {
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	switch {
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		return "", nil, errors.New("this is an .npz archive: save the one array with numpy.save")
	case !ok:
		return "", nil, fmt.Errorf("it does not begin with %q", magic)
	case len(rest) < 6:
		return "", nil, errors.New("the header is truncated")
	}
	var length int
	switch major := rest[0]; major {
	case 1:
		length, rest = int(binary.LittleEndian.Uint16(rest[2:])), rest[4:]
	case 2, 3:
		length, rest = int(min(binary.LittleEndian.Uint32(rest[2:]), maxHeader+1)), rest[6:]
	default:
		return "", nil, fmt.Errorf("format version %d is unknown", major)
	}
	if length > maxHeader || length > len(rest) {
		return "", nil, fmt.Errorf("the header of %d bytes is truncated or damaged", length)
	}
	return string(rest[:length]), rest[length:], nil
}

type header struct {
	kind    byte // of dtype.kind: b, i, u, f, c, S, U
	size    int  // of an element, in bytes
	order   binary.ByteOrder
	fortran bool
	shape   []int
}

// NumPy writes the three keys in this order, but promises none.
var (
	descrKey   = regexp.MustCompile(`['"]descr['"]\s*:\s*['"]([<>=|]?)([A-Za-z])(\d{0,8})['"]`)
	fortranKey = regexp.MustCompile(`['"]fortran_order['"]\s*:\s*(True|False)`)
	shapeKey   = regexp.MustCompile(`['"]shape['"]\s*:\s*\(([^()]*)\)`)
)

func parseHeader(text string) (header, error) {
	descr, fortran, shape := descrKey.FindStringSubmatch(text), fortranKey.FindStringSubmatch(text), shapeKey.FindStringSubmatch(text)
	if fortran == nil || shape == nil {
		return header{}, fmt.Errorf("the header %.80q lacks fortran_order or shape", text)
	}
	if descr == nil {
		return header{}, fmt.Errorf("its elements are of no plain type: %.80q", text)
	}
	h := header{kind: descr[2][0], order: binary.LittleEndian, fortran: fortran[1] == "True"}
	if descr[1] == ">" {
		h.order = binary.BigEndian
	}
	h.size, _ = strconv.Atoi(descr[3]) // at most eight digits
	if h.kind == 'U' {
		h.size *= 4 // code points of 32 bits
	}
	for field := range strings.SplitSeq(shape[1], ",") {
		field = strings.TrimSuffix(strings.TrimSpace(field), "L") // of Python 2
		if field == "" {
			continue
		}
		d, err := strconv.Atoi(field)
		if err != nil || d < 0 || d > math.MaxInt32 {
			return header{}, fmt.Errorf("shape (%s) has no valid dimension %q", shape[1], field)
		}
		h.shape = append(h.shape, d)
	}
	return h, nil
}

// check refuses element types that no tensor has.
func (h header) check() error {
	text := h.size > 0 && (h.kind == 'S' || h.kind == 'U')
	switch {
	case h.kind == 'O':
		return errors.New("it holds Python objects: give the array an element type, and save it again")
	case !text && h.slice(0) == nil:
		return fmt.Errorf("no tensor has elements of type %c%d", h.kind, h.size)
	case len(h.shape) > maxRank:
		return fmt.Errorf("it has %d dimensions, more than the %d that NumPy knows", len(h.shape), maxRank)
	}
	return nil
}

// elements counts them, and makes sure that the content has all of them and no more.
func (h header) elements(content int) (int, error) {
	n := 1
	if slices.Contains(h.shape, 0) {
		n = 0
	}
	for _, d := range h.shape {
		if n > 0 && n > content/h.size/d {
			return 0, fmt.Errorf("the content of %d bytes is less than shape %v needs: truncated", content, h.shape)
		}
		n *= d
	}
	if n*h.size != content {
		return 0, fmt.Errorf("the content has %d bytes, %d elements of %d bytes need %d", content, n, h.size, n*h.size)
	}
	return n, nil
}

// decode makes the slice. The content has n elements of h.size bytes.
func (h header) decode(content []byte, n int) (any, error) {
	if h.kind == 'S' || h.kind == 'U' {
		return h.strings(content, n), nil
	}
	data := h.slice(n)
	_, err := binary.Decode(content, h.order, data)
	return data, err
}

// slice is nil for an unknown type.
func (h header) slice(n int) any {
	switch fmt.Sprintf("%c%d", h.kind, h.size) {
	case "b1":
		return make([]bool, n)
	case "i1":
		return make([]int8, n)
	case "i2":
		return make([]int16, n)
	case "i4":
		return make([]int32, n)
	case "i8":
		return make([]int64, n)
	case "u1":
		return make([]uint8, n)
	case "u2":
		return make([]uint16, n)
	case "u4":
		return make([]uint32, n)
	case "u8":
		return make([]uint64, n)
	case "f2":
		return make([]tflite.Float16, n)
	case "f4":
		return make([]float32, n)
	case "f8":
		return make([]float64, n)
	case "c8":
		return make([]complex64, n)
	case "c16":
		return make([]complex128, n)
	}
	return nil
}

// strings are filled up with zeros, which are not part of them.
func (h header) strings(content []byte, n int) []string {
	s := make([]string, n)
	for k := range s {
		element := content[k*h.size : (k+1)*h.size]
		if h.kind == 'U' {
			element = h.utf8(element)
		}
		s[k] = string(bytes.TrimRight(element, "\x00"))
	}
	return s
}

func (h header) utf8(codePoints []byte) (text []byte) {
	for c := range slices.Chunk(codePoints, 4) {
		text = utf8.AppendRune(text, rune(h.order.Uint32(c)))
	}
	return text
}

// rowMajor reorders elements that are stored with the first dimension varying
// fastest.
func rowMajor(content []byte, shape []int, size int) []byte {
	out := make([]byte, 0, len(content))
	index := make([]int, len(shape))
	for len(out) < len(content) {
		from := 0
		for k, d := range slices.Backward(shape) {
			from = from*d + index[k]
		}
		out = append(out, content[from*size:(from+1)*size]...)
		for k := len(index) - 1; k >= 0; k-- {
			if index[k]++; index[k] < shape[k] {
				break
			}
			index[k] = 0
		}
	}
	return out
}

// Write encodes a as a version 1.0 file, little-endian and in row-major order. It
// fails for a Data that [Array] does not list, and for strings that end in a zero,
// which the format cannot tell from filling.
func Write(w io.Writer, a Array) error {
	if len(a.Shape) > maxRank {
		return fmt.Errorf("%d dimensions, more than the %d that NumPy knows", len(a.Shape), maxRank)
	}
	descr, content, err := encode(a.Data)
	if err != nil {
		return err
	}
	dims := make([]string, len(a.Shape))
	for k, d := range a.Shape {
		dims[k] = strconv.Itoa(d)
	}
	if len(dims) == 1 {
		dims[0] += "," // a Python tuple, not a number in parentheses
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, strings.Join(dims, ", "))
	const prefix, align = len(magic) + 4, 64
	total := (prefix + len(text) + 1 + align - 1) / align * align
	text += strings.Repeat(" ", total-prefix-len(text)-1) + "\n"
	file := append([]byte(magic), 1, 0)
	file = binary.LittleEndian.AppendUint16(file, uint16(len(text)))
	file = append(file, text...)
	if _, err := w.Write(file); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

func encode(data any) (descr string, content []byte, err error) {
	switch s := data.(type) {
	case []string:
		return encodeStrings(s)
	case []bool:
		descr = "|b1"
	case []int8:
		descr = "|i1"
	case []int16:
		descr = "<i2"
	case []int32:
		descr = "<i4"
	case []int64:
		descr = "<i8"
	case []uint8:
		descr = "|u1"
	case []uint16:
		descr = "<u2"
	case []uint32:
		descr = "<u4"
	case []uint64:
		descr = "<u8"
	case []tflite.Float16:
		descr = "<f2"
	case []float32:
		descr = "<f4"
	case []float64:
		descr = "<f8"
	case []complex64:
		descr = "<c8"
	case []complex128:
		descr = "<c16"
	default:
		return "", nil, fmt.Errorf(".npy has no form for %T", data)
	}
	content, err = binary.Append(nil, binary.LittleEndian, data)
	return descr, content, err
}

func encodeStrings(s []string) (descr string, content []byte, err error) {
	size := 1 // NumPy writes no smaller elements either
	for k, x := range s {
		if strings.HasSuffix(x, "\x00") {
			return "", nil, fmt.Errorf("string %d ends in a zero byte, which .npy cannot hold", k)
		}
		size = max(size, len(x))
	}
	if size > math.MaxInt32/max(len(s), 1) {
		return "", nil, fmt.Errorf("%d strings of up to %d bytes are too large for .npy, which gives all the longest one's space", len(s), size)
	}
	content = make([]byte, size*len(s))
	for k, x := range s {
		copy(content[k*size:], x)
	}
	return "|S" + strconv.Itoa(size), content, nil
}
