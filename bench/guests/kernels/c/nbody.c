/* Five bodies under gravity, n steps. */
#include "kernel.h"

#define BODIES 5
static struct body {
  double x[3], v[3], mass;
} bodies[BODIES];

static void place(void) {
  for (int i = 0; i < BODIES; i++) {
    bodies[i].mass = i ? 0.001 * i : 39.5;
    for (int axis = 0; axis < 3; axis++) {
      bodies[i].x[axis] = i * (axis + 1) * 1.7 - axis;
      bodies[i].v[axis] = i ? 0.6 / (i + axis) - 0.1 * axis : 0;
    }
  }
}

static void step(double dt) {
  for (int i = 0; i < BODIES; i++) {
    for (int j = i + 1; j < BODIES; j++) {
      double d[3], squared = 0;
      for (int axis = 0; axis < 3; axis++) {
        d[axis] = bodies[i].x[axis] - bodies[j].x[axis];
        squared += d[axis] * d[axis];
      }
      double pull = dt / (squared * __builtin_sqrt(squared));
      for (int axis = 0; axis < 3; axis++) {
        bodies[i].v[axis] -= d[axis] * bodies[j].mass * pull;
        bodies[j].v[axis] += d[axis] * bodies[i].mass * pull;
      }
    }
  }
  for (int i = 0; i < BODIES; i++)
    for (int axis = 0; axis < 3; axis++) bodies[i].x[axis] += dt * bodies[i].v[axis];
}

EXPORT u32 run(u32 n) {
  place();
  for (u32 i = 0; i < n; i++) step(0.001);
  return (u32)(int)(bodies[1].x[0] * 1e6);
}
