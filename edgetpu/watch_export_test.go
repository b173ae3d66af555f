package edgetpu

// Listen returns the channel that hears of changes of devices; see Watch.
var Listen = listen
