/* Drives the password hashes of musl. */
#include <stdio.h>

char *__crypt_blowfish(const char *key, const char *setting, char *output);
char *__crypt_des(const char *key, const char *setting, char *output);
char *__crypt_md5(const char *key, const char *setting, char *output);
char *__crypt_sha256(const char *key, const char *setting, char *output);
char *__crypt_sha512(const char *key, const char *setting, char *output);

int main(void)
{
    static const char *const keys[] = {
        "", "secret", "a longer pass phrase of several words, longer than a block of the hash\x80\xff"
    };
    char output[256];
    for (int k = 0; k < 3; k++) {
        puts(__crypt_blowfish(keys[k], "$2a$04$abcdefghijklmnopqrstuu", output));
        puts(__crypt_blowfish(keys[k], "$2y$05$./ABCDEFGHIJKLMNOPQRSO", output));
        puts(__crypt_des(keys[k], "xy", output));
        puts(__crypt_des(keys[k], "_/...salt", output));
        puts(__crypt_md5(keys[k], "$1$abcd0123$", output));
        puts(__crypt_sha256(keys[k], "$5$rounds=1000$1234$", output));
        puts(__crypt_sha512(keys[k], "$6$rounds=1000$saltysalt$", output));
        puts(__crypt_sha512(keys[k], "$6$rounds=10nonsense$", output));
    }
    return 0;
}
