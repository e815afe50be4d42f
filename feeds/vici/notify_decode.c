/* SPDX-License-Identifier: ISC */
/* The records of error-notify. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify_decode.h"

enum { TYPE_AT = 0, TEXT_AT = 4, NAME_AT = 388, ID_AT = 452, ADDR_AT = 708 };

/* The text of a field: up to its NUL, or all of it. */
static void
field(const uint8_t *record, size_t from, size_t to, char *out, size_t size)
{
	const uint8_t *nul = memchr(record + from, '\0', to - from);
	vici_text((struct vici_slice){ record + from, nul ? (size_t)(nul - record) - from : to - from }, out, size);
}

bool
notify_addr(const char *text, struct ipm_addr *addr, uint16_t *port)
{
	const char *bracket = strchr(text, '[');
	size_t len = bracket ? (size_t)(bracket - text) : strlen(text);
	struct ipm_addr found = { .len = memchr(text, ':', len) ? 16 : 4 };
	char host[INET6_ADDRSTRLEN];
	unsigned long number = 0;

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(found.len == 16 ? AF_INET6 : AF_INET, host, found.bytes) != 1)
		return false;
	if (bracket) {
		size_t digits = strspn(bracket + 1, "0123456789");
		if (digits == 0 || digits > 5 || strcmp(bracket + 1 + digits, "]") != 0)
			return false;
		number = strtoul(bracket + 1, NULL, 10);
		if (number > UINT16_MAX)
			return false;
	}
	*addr = found;
	*port = (uint16_t)number;
	return true;
}

/* If a message belongs to no IKE SA, only the sentence has its source: "... from 10.9.0.1[500] ...". */
static void
addr_in_text(struct vici_alert *alert)
{
	const char *from = strstr(alert->text, " from ");
	char word[INET6_ADDRSTRLEN + sizeof("[65535]")];

	if (!from)
		return;
	from += strlen(" from ");
	size_t len = strcspn(from, " ");
	if (len >= sizeof(word))
		return;
	memcpy(word, from, len);
	word[len] = '\0';
	notify_addr(word, &alert->remote, &alert->remote_port);
}

int
notify_decode(const uint8_t *record, size_t len, struct vici_alert *out)
{
	struct vici_alert alert = { .source = VICI_ALERT_BY_NOTIFY };
	char addr[NOTIFY_RECORD - ADDR_AT + 1], name[IPM_NAME_MAX], id[IPM_ID_MAX];

	if (len != NOTIFY_RECORD)
		return -EBADMSG;
	field(record, ADDR_AT, NOTIFY_RECORD, addr, sizeof(addr));
	if (addr[0] && !notify_addr(addr, &alert.remote, &alert.remote_port))
		return -EBADMSG;
	alert.kind = vici_alert_by_notify((uint32_t)record[TYPE_AT] << 24 | (uint32_t)record[TYPE_AT + 1] << 16 |
					  (uint32_t)record[TYPE_AT + 2] << 8 | record[TYPE_AT + 3]);
	if (alert.kind == VICI_ALERT_UNKNOWN)
		return -ENOENT;
	field(record, TEXT_AT, NAME_AT, alert.text, sizeof(alert.text));
	field(record, NAME_AT, ID_AT, name, sizeof(name));
	field(record, ID_AT, ADDR_AT, id, sizeof(id));
	vici_copy_name(alert.conn, sizeof(alert.conn), name);
	vici_copy_id(alert.remote_id, sizeof(alert.remote_id), id);
	if (!addr[0])
		addr_in_text(&alert);
	*out = alert;
	return 0;
}
