/* Drives lz4: blocks and frames of several shapes there and back. */
#include "lz4.h"
#include "lz4frame.h"
#include "lz4hc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 60000 };
static char input[SIZE], packed[2 * SIZE], output[SIZE];

static unsigned sum(const char *p, int n)
{
    unsigned s = 1;
    while (n-- > 0) s = s * 31 + (unsigned char)*p++;
    return s;
}

int main(void)
{
    unsigned random = 1;
    for (int i = 0; i < SIZE; i++) {
        random = random * 1103515245u + 12345u;
        input[i] = (char)(i > 100 && random >> 28 ? input[i - 100] : (char)(random >> 16));
    }
    for (int level = 0; level <= 12; level += 3) {
        int n = level ? LZ4_compress_HC(input, packed, SIZE, sizeof packed, level)
                      : LZ4_compress_default(input, packed, SIZE, sizeof packed);
        int back = LZ4_decompress_safe(packed, output, n, SIZE);
        printf("%d: %d %08x %d %d\n", level, n, sum(packed, n), back, memcmp(input, output, SIZE) == 0);
    }
    LZ4F_preferences_t preferences;
    memset(&preferences, 0, sizeof preferences);
    preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    size_t n = LZ4F_compressFrame(packed, sizeof packed, input, SIZE, &preferences);
    printf("frame %d %08x\n", (int)n, sum(packed, (int)n));
    LZ4F_dctx *context;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) return 1;
    size_t out = SIZE, in = n, result = LZ4F_decompress(context, output, &out, packed, &in, NULL);
    printf("%d %d %d %d\n", (int)result, (int)out, (int)in, memcmp(input, output, SIZE) == 0);
    LZ4F_freeDecompressionContext(context);
    return 0;
}
