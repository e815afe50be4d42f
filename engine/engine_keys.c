/* SPDX-License-Identifier: ISC */
#include "engine_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPI_MIN 256u        /* RFC 4303 2.1 */
#define SPI_MAX 0xfffffffeu /* generators send the value above as a wrong SPI */

/* The parser's state. Errors must not quote the text: it holds keys. */
struct parse {
	const char *path, *at, *end;
	uint32_t line;
	size_t key_len;
	struct engine_keys *keys;
	struct ipm_error *err;
};

__attribute__((format(printf, 2, 3))) static int
refuse(const struct parse *p, const char *format, ...)
{
	char why[160];
	va_list ap;
	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	snprintf(p->err->text, sizeof(p->err->text), "%s:%u: %s", p->path, p->line, why);
	return -EINVAL;
}

void
engine_keys_reserve(uint32_t files)
{
	size_t size = 65536;
	while (size < (size_t)files * 1024)
		size *= 2;
	if (!CRYPTO_secure_malloc_initialized())
		CRYPTO_secure_malloc_init(size, 16); /* on failure keys are on the heap; they are cleansed there too */
}

static bool
ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '#';
}

/* The next word of the line. A blank, a comment or the end of the line ends a word. */
static size_t
word(struct parse *p, const char **start)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r'))
		p->at++;
	*start = p->at;
	while (p->at < p->end && !ends_word(*p->at))
		p->at++;
	return (size_t)(p->at - *start);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
spi_parse(const char *text, size_t len, uint32_t *out)
{
	uint64_t n = 0;
	int base = 10;

	if (len > 2 && text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		int digit = hex_digit(text[i]);
		if (digit < 0 || digit >= base)
			return false;
		n = n * (uint64_t)base + (uint64_t)digit;
	}
	*out = (uint32_t)n;
	return n >= SPI_MIN && n <= SPI_MAX;
}

static bool
key_parse(const char *text, size_t len, uint8_t *out)
{
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return len % 2 == 0;
}

static bool
spi_taken(const struct engine_key *key, uint32_t n, uint32_t spi)
{
	for (uint32_t i = 0; i < n; i++)
		if (key[i].spi == spi)
			return true;
	return false;
}

static int
parse_line(struct parse *p)
{
	const char *direction, *spi, *key, *more;
	size_t direction_len = word(p, &direction);
	if (direction_len == 0)
		return 0;
	size_t spi_len = word(p, &spi), key_len = word(p, &key);
	bool in = direction_len == 2 && memcmp(direction, "in", 2) == 0;
	struct engine_keys *k = p->keys;
	uint32_t *count = in ? &k->ins : &k->outs;
	size_t used = (k->ins + k->outs) * p->key_len;

	if (!in && (direction_len != 3 || memcmp(direction, "out", 3) != 0))
		return refuse(p, "a line begins with in or out");
	if (*count == ENGINE_KEYS_MAX)
		return refuse(p, "more than %d SAs of one direction", ENGINE_KEYS_MAX);
	struct engine_key *one = (in ? k->in : k->out) + *count;
	*one = (struct engine_key){ .line = p->line, .len = (uint16_t)p->key_len, .octets = k->octets + used };
	if (!spi_parse(spi, spi_len, &one->spi))
		return refuse(p, "the second word is an SPI: a number from %u to %u", SPI_MIN, SPI_MAX);
	if (spi_taken(in ? k->in : k->out, *count, one->spi))
		return refuse(p, "SPI 0x%x is given twice", one->spi);
	if (key_len != 2 * p->key_len)
		return refuse(p, "the key has %zu characters; the suite wants %zu hexadecimal digits", key_len,
			      2 * p->key_len);
	if (!key_parse(key, key_len, one->octets))
		return refuse(p, "the key has characters that are not hexadecimal digits");
	if (word(p, &more) > 0)
		return refuse(p, "text after the key");
	(*count)++;
	return 0;
}

int
engine_keys_parse(const char *path, const char *text, size_t len, size_t key_len, struct engine_keys *out,
		  struct ipm_error *err)
{
	struct parse p = { .path = path, .at = text, .end = text + len, .key_len = key_len, .keys = out, .err = err };
	int rc = -ENOMEM;

	*out = (struct engine_keys){ 0 };
	size_t lines = 1;
	for (const char *c = text; c < p.end; c++)
		lines += *c == '\n';
	if (lines > 2 * ENGINE_KEYS_MAX + 1)
		lines = 2 * ENGINE_KEYS_MAX + 1; /* room for all keys and one too many; comments need no room */
	out->room = lines * key_len;
	out->in = calloc(lines, sizeof(*out->in));
	out->out = calloc(lines, sizeof(*out->out));
	out->octets = OPENSSL_secure_malloc(out->room);
	if (!out->in || !out->out || !out->octets) {
		snprintf(err->text, sizeof(err->text), "%s: no memory for its keys", path);
		goto bad;
	}
	while (p.at < p.end) {
		const char *newline = memchr(p.at, '\n', (size_t)(p.end - p.at));
		const char *end = newline ? newline : p.end, *all = p.end;
		p.line++;
		p.end = end;
		rc = memchr(p.at, 0, (size_t)(end - p.at)) ? refuse(&p, "this is not a text file") : parse_line(&p);
		p.end = all;
		if (rc < 0)
			goto bad;
		p.at = newline ? newline + 1 : p.end;
	}
	if (out->ins == 0 || out->outs == 0) {
		rc = -EINVAL;
		snprintf(err->text, sizeof(err->text), "%s: there is no line that begins with %s", path,
			 out->ins == 0 ? "in" : "out");
		goto bad;
	}
	return 0;
bad:
	engine_keys_free(out);
	return rc;
}

/* Refuse a key file that others can read or write. */
static int
file_check(int fd, const char *path, struct ipm_error *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0) {
		snprintf(err->text, sizeof(err->text), "%s: %s", path, strerror(errno));
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(err->text, sizeof(err->text), "%s: not a regular file", path);
		return -EINVAL;
	}
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		snprintf(err->text, sizeof(err->text), "%s: it belongs to another user: chown it", path);
		return -EACCES;
	}
	if (st.st_mode & 077) {
		snprintf(err->text, sizeof(err->text),
			 "%s: other users can access its keys: its mode is %04o, and must be 0600 or less", path,
			 (unsigned)(st.st_mode & 07777));
		return -EACCES;
	}
	if (st.st_size > ENGINE_FILE_MAX) {
		snprintf(err->text, sizeof(err->text), "%s: larger than %d octets", path, ENGINE_FILE_MAX);
		return -EFBIG;
	}
	return 0;
}

int
engine_keys_load(const char *path, size_t key_len, struct engine_keys *out, struct ipm_error *err)
{
	char text[ENGINE_FILE_MAX + 1];
	size_t size = 0;
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	*out = (struct engine_keys){ 0 };
	if (fd < 0) {
		rc = -errno;
		snprintf(err->text, sizeof(err->text), "%s: cannot open: %s", path, strerror(-rc));
		return rc;
	}
	rc = file_check(fd, path, err);
	while (rc == 0 && size < sizeof(text)) {
		ssize_t got = read(fd, text + size, sizeof(text) - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			rc = -errno;
			snprintf(err->text, sizeof(err->text), "%s: cannot read: %s", path, strerror(-rc));
		}
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	if (rc == 0 && size > ENGINE_FILE_MAX)
		size = ENGINE_FILE_MAX; /* the file has grown since fstat(), so the last line will be wrong */
	if (rc == 0)
		rc = engine_keys_parse(path, text, size, key_len, out, err);
	OPENSSL_cleanse(text, sizeof(text));
	close(fd);
	return rc;
}

void
engine_key_wipe(struct engine_key *key)
{
	if (key->octets)
		OPENSSL_cleanse(key->octets, key->len);
	key->octets = NULL;
}

void
engine_keys_free(struct engine_keys *keys)
{
	OPENSSL_secure_clear_free(keys->octets, keys->room);
	free(keys->in);
	free(keys->out);
	*keys = (struct engine_keys){ 0 };
}
