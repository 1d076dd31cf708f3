/* Drives libtommath: primes, powers, division, greatest common divisors, conversions. */
#include "tommath.h"
#include <stdio.h>
#include <stdlib.h>

/* Sources of random numbers of other systems. They are called where a constant says never, and a C compiler drops the calls;
 * but not those behind a wait, which may be resumed for all it knows. */
mp_err s_read_arc4random(void *p, size_t n) { return (void)p, (void)n, MP_ERR; }
mp_err s_read_wincsp(void *p, size_t n) { return (void)p, (void)n, MP_ERR; }
mp_err s_read_ltm_rng(void *p, size_t n) { return (void)p, (void)n, MP_ERR; }

static void show(const char *what, const mp_int *n)
{
    static char text[4096];
    size_t written;
    if (mp_to_radix(n, text, sizeof text, &written, 16) != MP_OKAY) exit(2);
    printf("%s %s\n", what, text);
}

int main(void)
{
    mp_int a, b, c, d;
    if (mp_init_multi(&a, &b, &c, &d, NULL) != MP_OKAY) return 1;
    mp_set(&a, 1);
    for (int i = 2; i <= 60; i++)
        if (mp_mul_d(&a, (mp_digit)i, &a) != MP_OKAY) return 1;
    show("factorial", &a);
    mp_read_radix(&b, "123456789012345678901234567890123456789", 10);
    mp_mul(&a, &b, &c);
    show("product", &c);
    mp_div(&c, &b, &d, &c);
    show("quotient", &d);
    mp_sqr(&b, &c);
    mp_add_d(&c, 12345, &c);
    mp_mod(&a, &b, &d);
    show("mod", &d);
    mp_2expt(&d, 127);
    mp_sub_d(&d, 1, &d);
    mp_exptmod(&b, &c, &d, &a);
    show("power", &a);
    mp_invmod(&b, &d, &c);
    show("inverse", &c);
    mp_gcd(&a, &b, &c);
    show("gcd", &c);
    mp_bool prime = MP_NO;
    mp_prime_is_prime(&d, 8, &prime);
    printf("prime %d\n", (int)prime);
    mp_sqrt(&b, &c);
    show("root", &c);
    mp_lcm(&a, &b, &c);
    show("lcm", &c);
    mp_neg(&c, &c);
    mp_div_2d(&c, 13, &c, &d);
    show("shift", &c);
    show("rest", &d);
    mp_clear(&a), mp_clear(&b), mp_clear(&c), mp_clear(&d);
    return 0;
}
