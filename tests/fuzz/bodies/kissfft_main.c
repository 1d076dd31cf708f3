/* Drives kissfft: transforms of several lengths there and back, complex, real and of several dimensions. */
#include "kiss_fftnd.h"
#include "kiss_fftr.h"
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 1024 };
static kiss_fft_cpx in[SIZE], out[SIZE], back[SIZE];
static kiss_fft_scalar real[SIZE], real_back[SIZE];

static void show(const char *what, int n, const kiss_fft_cpx *p, int count)
{
    double r = 0, i = 0;
    for (int k = 0; k < count; k++) r += p[k].r * (k + 1), i += p[k].i * (k % 7);
    printf("%s %d: %.6e %.6e\n", what, n, r, i);
}

int main(void)
{
    static const int lengths[] = { 1, 2, 3, 4, 5, 7, 8, 12, 15, 30, 49, 64, 77, 120, 240, 1000 };
    for (int k = 0; k < SIZE; k++) in[k].r = k * 31 % 97, in[k].i = k * 17 % 89, real[k] = k * 7 % 53;
    for (unsigned l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        int n = lengths[l];
        kiss_fft_cfg there = kiss_fft_alloc(n, 0, NULL, NULL), inverse = kiss_fft_alloc(n, 1, NULL, NULL);
        kiss_fft(there, in, out);
        show("complex", n, out, n);
        kiss_fft(inverse, out, back);
        show("back", n, back, n);
        kiss_fft_stride(there, back, back, 1);
        show("in place", n, back, n);
        free(there), free(inverse);
        if (n % 2) continue;
        kiss_fftr_cfg rthere = kiss_fftr_alloc(n, 0, NULL, NULL), rinverse = kiss_fftr_alloc(n, 1, NULL, NULL);
        kiss_fftr(rthere, real, out);
        show("real", n, out, n / 2 + 1);
        kiss_fftri(rinverse, out, real_back);
        printf("%.6f\n", (double)real_back[n - 1] / n);
        free(rthere), free(rinverse);
    }
    int dims[] = { 4, 6, 5 };
    kiss_fftnd_cfg cube = kiss_fftnd_alloc(dims, 3, 0, NULL, NULL);
    kiss_fftnd(cube, in, out);
    show("cube", 120, out, 120);
    free(cube);
    printf("%d\n", kiss_fft_next_fast_size(997));
    return 0;
}
