"""Computes the reference of kalman_test.go: the filter of ByteTrack (yolox/tracker/kalman_filter.py,
MIT licence) in its matrix form, with numpy 2.4.6. Prints at, speed and the variances of
x, y, aspect and height."""
import numpy as np

F = np.eye(8)
for i in range(4):
    F[i, 4 + i] = 1
H = np.eye(4, 8)


def noise(h, place, speed, aspect, drift):
    return np.diag(np.square([place * h, place * h, aspect, place * h, speed * h, speed * h, drift, speed * h]))


def predict(mean, cov):
    cov = F @ cov @ F.T + noise(mean[3], 1 / 20, 1 / 160, 1e-2, 1e-5)
    return F @ mean, cov


def correct(mean, cov, z):
    h = mean[3] / 20
    s = H @ cov @ H.T + np.diag(np.square([h, h, 1e-1, h]))
    gain = np.linalg.solve(s, H @ cov).T
    return mean + gain @ (z - H @ mean), cov - gain @ s @ gain.T


def measure(x0, y0, x1, y1):
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / (y1 - y0), y1 - y0])


z = measure(10, 20, 30, 60)
mean, cov = np.r_[z, np.zeros(4)], noise(z[3], 2 / 20, 10 / 160, 1e-2, 1e-5)
for box in (12, 21, 33, 62), (15, 22, 36, 63):
    mean, cov = predict(mean, cov)
    mean, cov = correct(mean, cov, measure(*box))
mean, cov = predict(mean, cov)
for i in range(4):
    print("\t{%.12g, %.12g, %.12g, %.12g, %.12g}," % (mean[i], mean[i + 4], cov[i, i], cov[i + 4, i + 4], cov[i, i + 4]))
