#include "base/fatal.h"
#include "base/atomic.h"
#include "task/where.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*fatal_hook)(const char *message);

void ac__fatal_set_hook(void (*hook)(const char *message)) { ac__atomic_store(&fatal_hook, hook, release); }

/* write, not stdio: the message must come out whole also when another thread holds stderr's lock for ever. */
static void print(const char *message, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDERR_FILENO, message, length);
        if (n <= 0) return;
        message += n;
        length -= (size_t)n;
    }
}

void ac__fatal(const char *format, ...)
{
    char message[1024] = "asyncc: ";
    const size_t room = sizeof message - 1; /* one byte stays for the newline */
    size_t length = strlen(message);
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(message + length, room - length, format, arguments);
    va_end(arguments);
    if (n > 0) length += (size_t)n < room - length ? (size_t)n : room - length - 1;
    length += ac__where(message + length, room - length);
    void (*hook)(const char *) = ac__atomic_load(&fatal_hook, acquire);
    message[length] = '\0';
    if (hook) hook(message);
    message[length] = '\n';
    print(message, length + 1);
    abort();
}
