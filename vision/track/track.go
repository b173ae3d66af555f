package track

import (
	"encoding/json"
	"time"

	"github.com/gocoral/coral/vision"
)

// Track is an object with an identity. Its JSON is that of the object with "identity",
// "age_ms" and "frames" besides.
type Track struct {
	// Object is what was found last.
	vision.Object
	// Identity is 1 for the first object of a tracker, 2 for the second and so on. It is
	// not used again.
	Identity int
	// Age is the time from the first to the last frame in which the object was found, and
	// Frames in how many it was.
	Age    time.Duration
	Frames int
}

type trackJSON struct {
	vision.Object
	Identity int     `json:"identity"`
	Age      float64 `json:"age_ms"`
	Frames   int     `json:"frames"`
}

// MarshalJSON writes one object, with the age in milliseconds.
func (t Track) MarshalJSON() ([]byte, error) {
	return json.Marshal(trackJSON{t.Object, t.Identity, milliseconds(t.Age), t.Frames})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Track) UnmarshalJSON(data []byte) error {
	var j trackJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*t = Track{j.Object, j.Identity, duration(j.Age), j.Frames}
	return nil
}

// milliseconds have three digits after the point, which is more than cameras know.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)/time.Microsecond) / 1000
}

func duration(ms float64) time.Duration {
	return time.Duration(ms * float64(time.Millisecond)).Round(time.Microsecond)
}
