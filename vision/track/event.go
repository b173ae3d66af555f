package track

import (
	"encoding/json"
	"time"
)

// Kind is what an [Event] tells.
type Kind string

// The kinds of events.
const (
	// Appear: an object has been seen often enough to be believed, and got its identity.
	Appear Kind = "appear"
	// Enter and Leave: an object is in a zone now, or no longer.
	Enter Kind = "enter"
	Leave Kind = "leave"
	// Cross: an object has crossed a line.
	Cross Kind = "cross"
	// Vanish: an object was not found for so long that it is given up.
	Vanish Kind = "vanish"
)

// Direction is the side of a line that an object has crossed to, as seen by someone who
// stands at [Line].From and looks to Line.To.
type Direction string

// The directions.
const (
	ToLeft  Direction = "left"
	ToRight Direction = "right"
)

// Event is something that happened to an object. Its JSON has the fields "event", "place",
// "direction" (both left out where they are empty), "time_ms" and "track".
type Event struct {
	Kind Kind
	// Place is the name of the zone or line, "" for Appear and Vanish.
	Place string
	// Direction is that of Cross, "" for others.
	Direction Direction
	// Time is that of the frame in which the tracker became certain, as it was given to
	// [Tracker.Update].
	Time time.Duration
	// Track is the object as it was last seen.
	Track Track
}

type eventJSON struct {
	Kind      Kind      `json:"event"`
	Place     string    `json:"place,omitempty"`
	Direction Direction `json:"direction,omitempty"`
	Time      float64   `json:"time_ms"`
	Track     Track     `json:"track"`
}

// MarshalJSON writes one object, with the time in milliseconds.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(eventJSON{e.Kind, e.Place, e.Direction, milliseconds(e.Time), e.Track})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Event) UnmarshalJSON(data []byte) error {
	var j eventJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*e = Event{j.Kind, j.Place, j.Direction, duration(j.Time), j.Track}
	return nil
}
