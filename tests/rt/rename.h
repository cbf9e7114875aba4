/* Included before the runtime's own sources when they are built for the host's tests: what has libc's name
 * gets another, so that both can be linked. */
#ifndef HALITE_TESTS_RT_RENAME_H
#define HALITE_TESTS_RT_RENAME_H
#define memcpy rt_memcpy
#define memmove rt_memmove
#define memset rt_memset
#define memcmp rt_memcmp
#define strlen rt_strlen
#define truncf rt_truncf
#define floorf rt_floorf
#define ceilf rt_ceilf
#define roundf rt_roundf
#define roundevenf rt_roundevenf
#define rintf rt_rintf
#define nearbyintf rt_nearbyintf
#define fabsf rt_fabsf
#define copysignf rt_copysignf
#define fminf rt_fminf
#define fmaxf rt_fmaxf
#define ldexpf rt_ldexpf
#define fmodf rt_fmodf
#define sqrtf rt_sqrtf
#define fmaf rt_fmaf
#define expf rt_expf
#define exp rt_exp
#define log rt_log
#define fmod rt_fmod
#define exp2f rt_exp2f
#define exp10f rt_exp10f
#define logf rt_logf
#define log2f rt_log2f
#define log10f rt_log10f
#define powf rt_powf
#define cbrtf rt_cbrtf
#define sinf rt_sinf
#define cosf rt_cosf
#define sincosf rt_sincosf
#define tanf rt_tanf
#define asinf rt_asinf
#define acosf rt_acosf
#define atanf rt_atanf
#define atan2f rt_atan2f
#define sinhf rt_sinhf
#define coshf rt_coshf
#define tanhf rt_tanhf
#define asinhf rt_asinhf
#define acoshf rt_acoshf
#define atanhf rt_atanhf
#define erff rt_erff
#endif
