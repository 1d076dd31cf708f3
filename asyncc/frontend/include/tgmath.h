/* <tgmath.h> while asyncc reads a program; what it writes is compiled with the C compiler's own.
 *
 * glibc's header asks gcc for a builtin that clang does not have and refuses other compilers in its presence; clang's
 * is made of overloaded functions, which gcc does not have, and that matters where an argument holds an await, so that
 * the expansion is printed. _Generic gives the same types, and both compile it. */
#ifndef AC__TGMATH_H
#define AC__TGMATH_H

#include <complex.h>
#include <math.h>

/* clang-format off */
/* By the type of one argument; integers count as double. */
#define AC__TG_REAL(fn, x) _Generic((x), float: fn##f, long double: fn##l, default: fn)
#define AC__TG_ANY(fn, complex_fn, x) _Generic((x), float: fn##f, long double: fn##l, float _Complex: complex_fn##f, \
    double _Complex: complex_fn, long double _Complex: complex_fn##l, default: fn)
#define AC__TG_COMPLEX(fn, x) _Generic((x), float: fn##f, float _Complex: fn##f, long double: fn##l, \
    long double _Complex: fn##l, default: fn)

/* By the common type of several. */
#define AC__TG_ZERO(x) _Generic((x), float: 0.0f, long double: 0.0l, float _Complex: (float _Complex)0.0f, \
    double _Complex: (double _Complex)0.0, long double _Complex: (long double _Complex)0.0l, default: 0.0)

#undef acos
#define acos(x) AC__TG_ANY(acos, cacos, x)(x)
#undef asin
#define asin(x) AC__TG_ANY(asin, casin, x)(x)
#undef atan
#define atan(x) AC__TG_ANY(atan, catan, x)(x)
#undef acosh
#define acosh(x) AC__TG_ANY(acosh, cacosh, x)(x)
#undef asinh
#define asinh(x) AC__TG_ANY(asinh, casinh, x)(x)
#undef atanh
#define atanh(x) AC__TG_ANY(atanh, catanh, x)(x)
#undef cos
#define cos(x) AC__TG_ANY(cos, ccos, x)(x)
#undef sin
#define sin(x) AC__TG_ANY(sin, csin, x)(x)
#undef tan
#define tan(x) AC__TG_ANY(tan, ctan, x)(x)
#undef cosh
#define cosh(x) AC__TG_ANY(cosh, ccosh, x)(x)
#undef sinh
#define sinh(x) AC__TG_ANY(sinh, csinh, x)(x)
#undef tanh
#define tanh(x) AC__TG_ANY(tanh, ctanh, x)(x)
#undef exp
#define exp(x) AC__TG_ANY(exp, cexp, x)(x)
#undef log
#define log(x) AC__TG_ANY(log, clog, x)(x)
#undef sqrt
#define sqrt(x) AC__TG_ANY(sqrt, csqrt, x)(x)
#undef fabs
#define fabs(x) AC__TG_ANY(fabs, cabs, x)(x)
#undef pow
#define pow(x, y) AC__TG_ANY(pow, cpow, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)

#undef cbrt
#define cbrt(x) AC__TG_REAL(cbrt, x)(x)
#undef ceil
#define ceil(x) AC__TG_REAL(ceil, x)(x)
#undef erf
#define erf(x) AC__TG_REAL(erf, x)(x)
#undef erfc
#define erfc(x) AC__TG_REAL(erfc, x)(x)
#undef exp2
#define exp2(x) AC__TG_REAL(exp2, x)(x)
#undef expm1
#define expm1(x) AC__TG_REAL(expm1, x)(x)
#undef floor
#define floor(x) AC__TG_REAL(floor, x)(x)
#undef ilogb
#define ilogb(x) AC__TG_REAL(ilogb, x)(x)
#undef lgamma
#define lgamma(x) AC__TG_REAL(lgamma, x)(x)
#undef llrint
#define llrint(x) AC__TG_REAL(llrint, x)(x)
#undef llround
#define llround(x) AC__TG_REAL(llround, x)(x)
#undef log10
#define log10(x) AC__TG_REAL(log10, x)(x)
#undef log1p
#define log1p(x) AC__TG_REAL(log1p, x)(x)
#undef log2
#define log2(x) AC__TG_REAL(log2, x)(x)
#undef logb
#define logb(x) AC__TG_REAL(logb, x)(x)
#undef lrint
#define lrint(x) AC__TG_REAL(lrint, x)(x)
#undef lround
#define lround(x) AC__TG_REAL(lround, x)(x)
#undef nearbyint
#define nearbyint(x) AC__TG_REAL(nearbyint, x)(x)
#undef rint
#define rint(x) AC__TG_REAL(rint, x)(x)
#undef round
#define round(x) AC__TG_REAL(round, x)(x)
#undef tgamma
#define tgamma(x) AC__TG_REAL(tgamma, x)(x)
#undef trunc
#define trunc(x) AC__TG_REAL(trunc, x)(x)

#undef atan2
#define atan2(x, y) AC__TG_REAL(atan2, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)
#undef copysign
#define copysign(x, y) AC__TG_REAL(copysign, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)
#undef fdim
#define fdim(x, y) AC__TG_REAL(fdim, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)
#undef fmax
#define fmax(x, y) AC__TG_REAL(fmax, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)
#undef fmin
#define fmin(x, y) AC__TG_REAL(fmin, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)
#undef fmod
#define fmod(x, y) AC__TG_REAL(fmod, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)
#undef hypot
#define hypot(x, y) AC__TG_REAL(hypot, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)
#undef nextafter
#define nextafter(x, y) AC__TG_REAL(nextafter, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)
#undef remainder
#define remainder(x, y) AC__TG_REAL(remainder, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y)
#undef remquo
#define remquo(x, y, quotient) AC__TG_REAL(remquo, AC__TG_ZERO(x) + AC__TG_ZERO(y))(x, y, quotient)
#undef fma
#define fma(x, y, z) AC__TG_REAL(fma, AC__TG_ZERO(x) + AC__TG_ZERO(y) + AC__TG_ZERO(z))(x, y, z)
#undef frexp
#define frexp(x, y) AC__TG_REAL(frexp, x)(x, y)
#undef ldexp
#define ldexp(x, y) AC__TG_REAL(ldexp, x)(x, y)
#undef nexttoward
#define nexttoward(x, y) AC__TG_REAL(nexttoward, x)(x, y)
#undef scalbln
#define scalbln(x, y) AC__TG_REAL(scalbln, x)(x, y)
#undef scalbn
#define scalbn(x, y) AC__TG_REAL(scalbn, x)(x, y)

#undef carg
#define carg(x) AC__TG_COMPLEX(carg, x)(x)
#undef cimag
#define cimag(x) AC__TG_COMPLEX(cimag, x)(x)
#undef conj
#define conj(x) AC__TG_COMPLEX(conj, x)(x)
#undef cproj
#define cproj(x) AC__TG_COMPLEX(cproj, x)(x)
#undef creal
#define creal(x) AC__TG_COMPLEX(creal, x)(x)
/* clang-format on */

#endif
