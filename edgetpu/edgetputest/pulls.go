package edgetputest

import (
	"math/rand/v2"
	"time"
)

// silentPulls is how many of RandomPulls there are for each silent one. Of 30 random
// pulls with Google's library 5 were.
const silentPulls = 6

// RandomPulls returns a function that pulls the USB device at a random moment, within the
// given time from its call, and returns once it is pulled. It sets the reaction before:
// one pull in six is silent, which is [Hang], and the others [Abort]. The reaction that it
// returns is not what happens in every case: nothing does where no process has the
// device.
//
// Equal seeds give the same waits and reactions. The function is for one goroutine, and
// [Sim.Plug] puts the device back.
func (s *Sim) RandomPulls(device string, within time.Duration, seed uint64) (pull func() Reaction) {
	random := rand.New(rand.NewPCG(seed, 0))
	return func() Reaction {
		time.Sleep(time.Duration(random.Int64N(max(1, int64(within)))))
		reaction := Abort
		if random.IntN(silentPulls) == 0 {
			reaction = Hang
		}
		s.SetReaction(device, reaction)
		s.Unplug(device)
		return reaction
	}
}
