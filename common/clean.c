/* SPDX-License-Identifier: ISC */
#include "clean.h"

#include <string.h>

/* Length in octets of the UTF-8 character at @p s. 0: unsafe for a terminal, or invalid (RFC 3629; no C1 controls). */
static size_t
utf8_len(const unsigned char *s, size_t left)
{
	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > left)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

const char *
text_clean(const char *text, size_t field, char *out, size_t size)
{
	size_t len = strnlen(text, field), used = 0;
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len((const unsigned char *)text + i, len - i), octets = n ? n : 1;
		if (used + octets >= size)
			break;
		if (n)
			memcpy(out + used, text + i, n);
		else
			out[used] = '?';
		used += octets;
		i += octets;
	}
	out[used] = '\0';
	return out;
}
