/* erff: at most 1.4 ulp. */
#include "math_core.h"

float erff(float x) {
  float a = rt_absolute(x), z = x * x;
  if (x != x) return x;
  if (a < 0.92f) {
    float p = -0x1.b80db2p-6f + z * (0x1.54c5a6p-8f + z * (-0x1.aa4e96p-11f + z * 0x1.5d5c98p-14f));
    return x + x * (0x1.06eba8p-3f + z * (-0x1.812742p-2f + z * (0x1.ce2df2p-4f + z * p)));
  }
  if (a > 3.95f) return rt_with_sign(1.0f, x);
  /* -log(1 - erf(a)), so that 1 - erf(a) is within 2^-29 */
  float p = -0x1.b01b7cp-6f +
            a * (0x1.36ea0cp-8f + a * (-0x1.374f7ap-11f + a * (0x1.7f9b2cp-15f + a * -0x1.b3697ep-20f)));
  p = -0x1.3e0ef4p-12f + a * (0x1.2152c8p0f + a * (0x1.438c2p-1f + a * (0x1.c2852p-4f + a * p)));
  int k;
  float e = rt_exp_parts(-p, &k);
  float scale = rt_power2(k);
  return rt_with_sign(1.0f - (scale + scale * e), x);
}
