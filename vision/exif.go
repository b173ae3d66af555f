package vision

import (
	"bytes"
	"encoding/binary"
)

// exifPrefix stands before EXIF data in JPEG; some programs write it in PNG and WebP,
// too.
const exifPrefix = "Exif\x00\x00"

// exifOrientation reads the orientation from EXIF data: a TIFF file without a picture.
// Whatever is wrong with it, the pixels may be good, and are taken as upright.
func exifOrientation(b []byte) orientation {
	b = bytes.TrimPrefix(b, []byte(exifPrefix))
	if len(b) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(b[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	// Only the first directory: the second one is the thumbnail's.
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return upright
	}
	return directoryOrientation(b[at:], order)
}

func directoryOrientation(directory []byte, order binary.ByteOrder) orientation {
	const (
		entry          = 12
		tagOrientation = 0x0112
	)
	entries := directory[2:]
	for range order.Uint16(directory) {
		if len(entries) < entry {
			break
		}
		e := entries[:entry]
		entries = entries[entry:]
		if order.Uint16(e) == tagOrientation && order.Uint32(e[4:]) == 1 {
			return firstValue(order.Uint16(e[2:]), e[8:], order)
		}
	}
	return upright
}

// firstValue reads an entry's value. The standard has a SHORT; some programs write
// others.
func firstValue(kind uint16, b []byte, order binary.ByteOrder) orientation {
	const typeByte, typeShort, typeLong = 1, 3, 4
	value := uint32(0)
	switch kind {
	case typeByte:
		value = uint32(b[0])
	case typeShort:
		value = uint32(order.Uint16(b))
	case typeLong:
		value = order.Uint32(b)
	}
	if value < uint32(upright) || value > 8 {
		return upright
	}
	return orientation(value)
}
