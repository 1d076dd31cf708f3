/* Drives brotli: a text of several shapes there and back, at every quality. */
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdio.h>
#include <string.h>

enum { SIZE = 40000 };
static unsigned char input[SIZE], packed[2 * SIZE], output[SIZE];

static unsigned sum(const unsigned char *p, size_t n)
{
    unsigned s = 1;
    while (n-- > 0) s = s * 31 + *p++;
    return s;
}

int main(void)
{
    static const char *const words[] = {
        "the ", "of ", "and ", "information ", "<div>", "\n", "2026", "state machine "
    };
    unsigned random = 7;
    size_t length = 0;
    while (length < SIZE - 32) {
        random = random * 1103515245u + 12345u;
        const char *word = words[random >> 29];
        if (random >> 16 & 7) memcpy(input + length, word, strlen(word)), length += strlen(word);
        else input[length++] = (unsigned char)(random >> 20);
    }
    for (int quality = 0; quality <= 11; quality++) {
        size_t n = sizeof packed, back = sizeof output;
        BrotliEncoderMode mode = quality % 2 ? BROTLI_MODE_TEXT : BROTLI_MODE_GENERIC;
        int done = BrotliEncoderCompress(quality, 16 + quality % 5, mode, length, input, &n, packed);
        int result = BrotliDecoderDecompress(n, packed, &back, output);
        printf("%d: %d %d %08x %d %d\n", quality, done, (int)n, sum(packed, n), result,
               memcmp(input, output, length) == 0);
    }
    BrotliEncoderState *encoder = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    BrotliEncoderSetParameter(encoder, BROTLI_PARAM_QUALITY, 5);
    BrotliEncoderSetParameter(encoder, BROTLI_PARAM_LGWIN, 12);
    const unsigned char *in = input;
    unsigned char *out = packed;
    size_t left = length, room = sizeof packed, total = 0;
    while (left > 0) {
        size_t piece = left < 777 ? left : 777, before = piece;
        BrotliEncoderCompressStream(encoder, left % 3 ? BROTLI_OPERATION_PROCESS : BROTLI_OPERATION_FLUSH, &piece, &in,
                                    &room, &out, &total);
        left -= before - piece;
    }
    do BrotliEncoderCompressStream(encoder, BROTLI_OPERATION_FINISH, &left, &in, &room, &out, &total);
    while (!BrotliEncoderIsFinished(encoder));
    BrotliEncoderDestroyInstance(encoder);
    printf("stream %d %08x\n", (int)total, sum(packed, total));
    BrotliDecoderState *decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT;
    in = packed, out = output, room = sizeof output;
    for (size_t at = 0; result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && at < total;) {
        size_t piece = at + 100 < total ? 100 : total - at;
        at += piece;
        result = BrotliDecoderDecompressStream(decoder, &piece, &in, &room, &out, NULL);
    }
    printf("%d %d\n", result, memcmp(input, output, length) == 0);
    memset(packed + 50, 0x55, 20);
    size_t back = sizeof output;
    printf("broken: %d\n", BrotliDecoderDecompress(total, packed, &back, output));
    BrotliDecoderDestroyInstance(decoder);
    return 0;
}
