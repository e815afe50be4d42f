/* SPDX-License-Identifier: ISC */
/* VICI messages written as text, and the calls of the decoder's callbacks. */
#ifndef VICI_MESSAGE_FIXTURE_H
#define VICI_MESSAGE_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vici_decode.h"
#include "suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- Messages, written as text ------------------------------------------- */

struct msg {
	uint8_t buf[1u << 17];
	size_t len;
};

static inline void
put(struct msg *m, const void *bytes, size_t len)
{
	ck_assert_uint_le(m->len + len, sizeof(m->buf));
	memcpy(m->buf + m->len, bytes, len);
	m->len += len;
}

static inline void
put_kind(struct msg *m, enum vici_kind kind)
{
	put(m, &(uint8_t){ (uint8_t)kind }, 1);
}

static inline void
put_name(struct msg *m, const char *at, size_t len)
{
	put(m, &(uint8_t){ (uint8_t)len }, 1);
	put(m, at, len);
}

static inline void
put_value(struct msg *m, const char *at, size_t len)
{
	put(m, (uint8_t[]){ (uint8_t)(len >> 8), (uint8_t)len }, 2);
	put(m, at, len);
}

/* Read one value: up to a blank or ">", or quoted. Return the text after it. */
static inline const char *
put_text_value(struct msg *m, const char *text)
{
	bool quoted = *text == '\'';
	const char *at = quoted ? text + 1 : text;
	size_t len = strcspn(at, quoted ? "'" : " >");
	put_value(m, at, len);
	return at + len + quoted;
}

/*
 * Append the message of the text: "lab { version=2 local-id='C=CH, CN=a' child-sas { local-ts=<10.1.0.0/24 ::/0> }
 * }".
 */
static inline void
put_text(struct msg *m, const char *text)
{
	while (*(text += strspn(text, " ")) != '\0') {
		size_t len = strcspn(text, " =}");
		if (*text == '}') {
			put_kind(m, VICI_SECTION_END);
			text++;
		} else if (text[len] != '=') {
			put_kind(m, VICI_SECTION_START);
			put_name(m, text, len);
			text = strchr(text, '{') + 1;
		} else if (text[len + 1] != '<') {
			put_kind(m, VICI_KEY_VALUE);
			put_name(m, text, len);
			text = put_text_value(m, text + len + 1);
		} else {
			put_kind(m, VICI_LIST_START);
			put_name(m, text, len);
			text += len + 2;
			while (*(text += strspn(text, " ")) != '>') {
				put_kind(m, VICI_LIST_ITEM);
				text = put_text_value(m, text);
			}
			put_kind(m, VICI_LIST_END);
			text++;
		}
	}
}

static inline struct msg *
message(const char *text)
{
	static struct msg m;
	m.len = 0;
	put_text(&m, text);
	return &m;
}

/* --- What the callbacks were given --------------------------------------- */

static struct {
	char calls[512]; /* "ike lab; child net; " in their order */
	struct vici_ike ike[4];
	struct vici_child child[8];
	struct vici_conn conn;
	struct vici_conn_child conn_child[4];
	unsigned int ikes, children, conn_children;
	bool up_in_callback;
	struct vici_sink sink;
	char error[IPM_TEXT_MAX];
} seen;

static inline void
note(const char *what, enum vici_role role, const char *name)
{
	static const char *const roles[] = { "", "old ", "new " };
	size_t len = strlen(seen.calls);
	snprintf(seen.calls + len, sizeof(seen.calls) - len, "%s%s %s; ", roles[role], what, name);
	seen.up_in_callback = seen.sink.up;
}

static inline void
see_ike(void *arg, enum vici_role role, const struct vici_ike *ike)
{
	ck_assert_ptr_eq(arg, &seen);
	note("ike", role, ike->name);
	seen.ike[seen.ikes++ % COUNT(seen.ike)] = *ike;
}

static inline void
see_child(void *arg, enum vici_role role, const struct vici_ike *ike, const struct vici_child *child)
{
	ck_assert_ptr_eq(arg, &seen);
	ck_assert_str_eq(ike->name, seen.ike[(seen.ikes - 1) % COUNT(seen.ike)].name);
	note("child", role, child->name);
	seen.child[seen.children++ % COUNT(seen.child)] = *child;
}

static inline void
see_conn(void *arg, const struct vici_conn *conn)
{
	(void)arg;
	note("conn", VICI_CURRENT, conn->name);
	seen.conn = *conn;
}

static inline void
see_conn_child(void *arg, const struct vici_conn *conn, const struct vici_conn_child *child)
{
	(void)arg;
	ck_assert_str_eq(conn->name, seen.conn.name);
	note("conn_child", VICI_CURRENT, child->name);
	seen.conn_child[seen.conn_children++ % COUNT(seen.conn_child)] = *child;
}

static inline int
decode_bytes(enum vici_form form, const uint8_t *bytes, size_t len)
{
	memset(&seen, 0, sizeof(seen));
	seen.sink = (struct vici_sink){
		.arg = &seen, .ike = see_ike, .child = see_child, .conn = see_conn, .conn_child = see_conn_child
	};
	return vici_decode(form, bytes, len, &seen.sink, seen.error, sizeof(seen.error));
}

static const struct {
	const char *file;
	enum vici_form form;
	const char *calls;
	bool up;
} real_messages[] = {
	{ "sa-ikev2-list", VICI_FORM_SA, "ike lab; child net; child tcp; child net; ", false },
	{ "sa-ikev1-list", VICI_FORM_SA, "ike old; child old; child old; ", false },
	{ "sa-ipv6-no-child", VICI_FORM_SA, "ike six; ", false },
	{ "sa-ike-updown", VICI_FORM_SA, "ike lab; ", true },
	{ "sa-ike-rekey", VICI_FORM_SA, "old ike lab; new ike lab; ", false },
	{ "sa-ike-update", VICI_FORM_SA, "ike lab; ", false },
	{ "sa-ikev1-reauth", VICI_FORM_SA, "ike old; ", true },
	{ "sa-child-updown-up", VICI_FORM_SA, "ike lab; child net; ", true },
	{ "sa-child-updown-down", VICI_FORM_SA, "ike lab; child net; ", false },
	{ "sa-child-rekey", VICI_FORM_SA, "ike lab; old child net; new child net; ", false },
	{ "sa-child-rekey-selectors", VICI_FORM_SA, "ike lab; old child tcp; new child tcp; ", false },
	{ "sa-ikev1-child-rekey", VICI_FORM_SA, "ike old; old child old; new child old; ", false },
	{ "conn-psk", VICI_FORM_CONN, "conn lab; conn_child net; conn_child tcp; ", false },
	{ "conn-xauth", VICI_FORM_CONN, "conn road; conn_child r; ", false },
	{ "conn-eap", VICI_FORM_CONN, "conn eap; conn_child e; ", false },
	{ "conn-ikev1", VICI_FORM_CONN, "conn ikev1-main; conn_child main; ", false },
	{ "conn-hosts-and-selectors", VICI_FORM_CONN,
	  "conn big; conn_child c1; conn_child c2; "
	  "conn_child a_child_with_a_very_long_name_indeed_that_is_more_th...f5348bc7; "
	  "conn_child a_child_with_a_very_long_name_indeed_that_is_more_th...f6348d5a; ",
	  false },
};

#endif
