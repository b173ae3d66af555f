package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
)

// placement says in JSON what a session runs on.
type placement struct {
	Device coral.Device `json:"device"`
	// DeviceText is the device for people.
	DeviceText string `json:"device_text"`
	Reason     string `json:"reason"`
	Backend    string `json:"backend"`
}

func place(s *coral.Session) placement {
	d := s.Device()
	return placement{Device: d, DeviceText: d.String(), Reason: explainText(s.Reason()), Backend: s.Backend()}
}

// introduce tells people what there is and what a session runs on.
func (a *app) introduce(ctx context.Context, s *coral.Session) {
	if a.device != deviceFlag(coral.CPUOnly.String()) {
		a.print("Found:    %s", finding(ctx))
	}
	a.print("Device:   %s, because %s", s.Device(), explainText(s.Reason()))
	a.print("Backend:  %s", s.Backend())
}

// finding is what a probe sees, in a line.
func finding(ctx context.Context) string {
	devices, err := edgetpu.Probe(ctx)
	if err != nil {
		return err.Error()
	}
	names := make([]string, len(devices))
	for k, d := range devices {
		names[k] = d.String()
	}
	return cmp.Or(strings.Join(names, "; "), "no Edge TPU")
}
