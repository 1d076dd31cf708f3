/* Drives the CELT part of opus: a sound of several kinds coded and decoded, at several rates. */
#include "opus_custom.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 240, COUNT = 12 };

static unsigned sum(const void *p, int n)
{
    unsigned s = 1;
    for (const unsigned char *at = p; n-- > 0;) s = s * 31 + *at++;
    return s;
}

int main(void)
{
    static opus_int16 sound[FRAME * COUNT * 2], back[FRAME * 2];
    static unsigned char packed[1300];
    unsigned random = 1;
    int level = 0;
    for (int i = 0; i < FRAME * COUNT * 2; i++) {
        random = random * 1103515245u + 12345u;
        level += (int)(random >> 16) % 2001 - 1000;
        sound[i] = (opus_int16)(i / FRAME % 5 == 4 ? 0 : level / 2 + i * 37 % 4001 * (i / FRAME % 3));
    }
    for (int channels = 1; channels <= 2; channels++) {
        int error;
        OpusCustomMode *mode = opus_custom_mode_create(48000, FRAME, &error);
        printf("%d channels: %d\n", channels, error);
        if (!mode) return 1;
        OpusCustomEncoder *encoder = opus_custom_encoder_create(mode, channels, &error);
        OpusCustomDecoder *decoder = opus_custom_decoder_create(mode, channels, &error);
        for (int complexity = 0; complexity <= 10; complexity += 5) {
            opus_custom_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity));
            opus_custom_encoder_ctl(encoder, OPUS_SET_VBR(complexity == 5));
            opus_custom_encoder_ctl(encoder, OPUS_SET_BITRATE(64000));
            for (int f = 0; f < COUNT; f++) {
                int bytes = opus_custom_encode(encoder, sound + f * FRAME * channels, FRAME, packed, 30 + f * 17);
                int got = opus_custom_decode(decoder, f == 7 ? NULL : packed, bytes, back, FRAME);
                printf("%d %d: %d %08x %d %08x\n", complexity, f, bytes, bytes > 0 ? sum(packed, bytes) : 0, got,
                       sum(back, FRAME * channels * 2));
            }
        }
        opus_custom_encoder_destroy(encoder);
        opus_custom_decoder_destroy(decoder);
        opus_custom_mode_destroy(mode);
    }
    return 0;
}
