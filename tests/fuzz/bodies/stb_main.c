/* Drives some of stb's headers: pictures written and read in several formats, tables, noise, packing, a lexer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_DS_IMPLEMENTATION
#define STB_PERLIN_IMPLEMENTATION
#define STB_RECT_PACK_IMPLEMENTATION
#define STB_C_LEXER_IMPLEMENTATION
#define STB_DXT_IMPLEMENTATION
#define STBI_NO_SIMD
#define STBI_NO_THREAD_LOCALS
#include "stb_c_lexer.h"
#include "stb_ds.h"
#include "stb_dxt.h"
#include "stb_image.h"
#include "stb_image_resize.h"
#include "stb_image_write.h"
#include "stb_perlin.h"
#include "stb_rect_pack.h"

enum { W = 37, H = 23 };

static unsigned sum(const unsigned char *p, int n)
{
    unsigned s = 1;
    while (n-- > 0) s = s * 31 + *p++;
    return s;
}

static void look(const char *file)
{
    int w = 0, h = 0, n = 0;
    for (int want = 0; want <= 4; want++) {
        unsigned char *p = stbi_load(file, &w, &h, &n, want);
        printf("%s %d: %d x %d x %d %08x %s\n", file, want, w, h, n, p ? sum(p, w * h * (want ? want : n)) : 0,
               p ? "" : stbi_failure_reason());
        free(p);
    }
    float *f = stbi_loadf(file, &w, &h, &n, 3);
    if (f) printf("  %.4f %.4f\n", f[0], f[w * h]);
    free(f);
}

static void tables(void)
{
    struct {
        char *key;
        int value;
    } *names = NULL;
    struct {
        int key;
        double value;
    } *numbers = NULL;
    int *list = NULL;
    sh_new_arena(names);
    for (int i = 0; i < 300; i++) {
        char name[20];
        sprintf(name, "n%d", i * 7 % 101);
        int before = shget(names, name);
        shput(names, name, before + i);
        hmput(numbers, i * 37 % 53, i / 2.0);
        if (i % 3 == 0) arrput(list, i);
        if (i % 5 == 0) (void)hmdel(numbers, i % 53);
    }
    arrins(list, 3, 1000);
    arrdelswap(list, 0);
    int last = arrpop(list), found = shget(names, "n7");
    printf("%d %d %d %d %d %d\n", (int)shlen(names), (int)hmlen(numbers), (int)arrlen(list), list[3], found, last);
    for (int i = 0; i < hmlen(numbers); i++) printf("%d:%.1f ", numbers[i].key, numbers[i].value);
    puts("");
    shfree(names), hmfree(numbers), arrfree(list);
}

static void lex(const char *text)
{
    static char store[1000];
    stb_lexer lexer = { 0 };
    stb_c_lexer_init(&lexer, text, text + strlen(text), store, sizeof store);
    while (stb_c_lexer_get_token(&lexer)) {
        if (lexer.token == CLEX_id || lexer.token == CLEX_dqstring) printf("%ld'%s' ", lexer.token, lexer.string);
        else
            printf("%ld(%ld %g) ", lexer.token, lexer.int_number,
                   lexer.token == CLEX_floatlit ? lexer.real_number : 0.0);
        if (lexer.token == CLEX_parse_error) break;
    }
    puts("");
}

int main(int argc, char **argv)
{
    static unsigned char picture[W * H * 4], small[16 * 12 * 4], block[16];
    static float light[W * H * 3];
    for (int i = 0; i < W * H; i++)
        for (int c = 0; c < 4; c++) {
            float v = stb_perlin_fbm_noise3(i % W / 9.0f, i / W / 7.0f, c / 3.0f, 2.0f, 0.5f, 4);
            picture[4 * i + c] = (unsigned char)(128 + 120 * v);
            if (c < 3) light[3 * i + c] = v * v * 3;
        }
    printf("%08x %.4f\n", sum(picture, sizeof picture), stb_perlin_turbulence_noise3(1.5f, 2.5f, 3.5f, 2, 0.5f, 3));
    stbi_write_png("o.png", W, H, 4, picture, 0);
    stbi_write_bmp("o.bmp", W, H, 4, picture);
    stbi_write_tga("o.tga", W, H, 4, picture);
    stbi_write_jpg("o.jpg", W, H, 4, picture, 80);
    stbi_write_jpg("p.jpg", W, H, 4, picture, 95);
    stbi_write_hdr("o.hdr", W, H, 3, light);
    static const char *const files[] = { "o.png", "o.bmp", "o.tga", "o.jpg", "p.jpg", "o.hdr", "in.txt", "none" };
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) look(files[i]);
    for (int i = 1; i < argc; i++) look(argv[i]);
    stbir_resize_uint8(picture, W, H, 0, small, 16, 12, 0, 4);
    printf("%08x\n", sum(small, sizeof small));
    stb_compress_dxt_block(block, picture, 1, STB_DXT_HIGHQUAL);
    printf("%08x\n", sum(block, sizeof block));
    stbrp_context context;
    stbrp_node nodes[64];
    stbrp_rect rects[30];
    for (int i = 0; i < 30; i++) rects[i] = (stbrp_rect){ .id = i, .w = 3 + i * 5 % 11, .h = 2 + i * 7 % 13 };
    stbrp_init_target(&context, 50, 40, nodes, 64);
    printf("%d", stbrp_pack_rects(&context, rects, 30));
    for (int i = 0; i < 30; i++) printf(" %d,%d", rects[i].x, rects[i].y);
    puts("");
    tables();
    lex("int f(double x) { /* c */ return x >= 1.5e3 && \"s\\n\"[0] != 'a' ? 0x1f << 2 : y->z++; } // end\n a += 07 @");
    return 0;
}
