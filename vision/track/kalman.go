package track

import "github.com/gocoral/coral/vision"

// nominal is the frame rate that ByteTrack's noise was chosen for, in frames per second.
// Steps of the filters are counted in its frames.
const nominal = 30

// How far boxes stray, as a part of their height, by one standard deviation.
const (
	straysPlace  = 1. / 20  // of the place, in one step and in one measurement
	straysSpeed  = 1. / 160 // of the speed, in one step
	straysAspect = 1e-2     // of the aspect ratio in one step, not a part of the height
	straysDrift  = 1e-5     // of its change
	aspectError  = 1e-1     // of the aspect ratio in one measurement
)

// motion is a Kalman filter for a box that moves at constant speed. Its four numbers have
// nothing to do with each other, neither in how they move nor in how they are measured, so it
// is four small filters.
type motion struct{ x, y, aspect, height axis }

// axis is the Kalman filter of one number and of its change in one step.
type axis struct {
	at, speed    float64
	vAt, vSpeed  float64 // variances
	vAtWithSpeed float64 // and the covariance
}

// begin is the filter of a box that was seen once.
func begin(b vision.Box) motion {
	x, y, aspect, height := measure(b)
	place, speed := square(2*straysPlace*height), square(10*straysSpeed*height)
	return motion{
		x:      axis{at: x, vAt: place, vSpeed: speed},
		y:      axis{at: y, vAt: place, vSpeed: speed},
		aspect: axis{at: aspect, vAt: square(straysAspect), vSpeed: square(straysDrift)},
		height: axis{at: height, vAt: place, vSpeed: speed},
	}
}

// predict moves the box on by some steps.
func (m *motion) predict(steps float64) {
	h := m.scale()
	place, speed := square(straysPlace*h), square(straysSpeed*h)
	m.x.predict(steps, place, speed)
	m.y.predict(steps, place, speed)
	m.aspect.predict(steps, square(straysAspect), square(straysDrift))
	m.height.predict(steps, place, speed)
}

// correct tells the filter where the box was found.
func (m *motion) correct(b vision.Box) {
	x, y, aspect, height := measure(b)
	place := square(straysPlace * m.scale())
	m.x.correct(x, place)
	m.y.correct(y, place)
	m.aspect.correct(aspect, square(aspectError))
	m.height.correct(height, place)
}

// box is where the box should be. It is not Valid if it should have shrunk to nothing.
func (m *motion) box() vision.Box {
	h := m.height.at
	w := h * m.aspect.at
	return vision.Box{
		XMin: float32(m.x.at - w/2), YMin: float32(m.y.at - h/2),
		XMax: float32(m.x.at + w/2), YMax: float32(m.y.at + h/2),
	}
}

// scale is the height that noise is a part of, one pixel at least.
func (m *motion) scale() float64 { return max(m.height.at, 1) }

func measure(b vision.Box) (x, y, aspect, height float64) {
	x, y = (float64(b.XMin)+float64(b.XMax))/2, (float64(b.YMin)+float64(b.YMax))/2
	height = float64(b.YMax) - float64(b.YMin)
	return x, y, (float64(b.XMax) - float64(b.XMin)) / height, height
}

// predict takes the variances of what happens in one step.
func (a *axis) predict(steps, place, speed float64) {
	a.at += steps * a.speed
	a.vAt += steps*(2*a.vAtWithSpeed+steps*a.vSpeed) + steps*place
	a.vAtWithSpeed += steps * a.vSpeed
	a.vSpeed += steps * speed
}

// correct takes a measurement and its variance.
func (a *axis) correct(measured, variance float64) {
	sum := a.vAt + variance
	gain, speedGain := a.vAt/sum, a.vAtWithSpeed/sum
	off := measured - a.at
	a.at += gain * off
	a.speed += speedGain * off
	a.vSpeed -= speedGain * a.vAtWithSpeed
	a.vAtWithSpeed -= gain * a.vAtWithSpeed
	a.vAt -= gain * a.vAt
}

func square(x float64) float64 { return x * x }
