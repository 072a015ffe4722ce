// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables and colours.
 */
#include <libsmartcols.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "kmodctl.h"

#define GAP		"  "

/* Minimum width of a cut column while other columns can be hidden instead. */
#define READABLE	12

/*
 * Share of the terminal's width for a cut column whose cells need it. Without it, columns with
 * long cells would take the space of columns with short cells.
 */
#define SHARE		0.15

/* For NO_COLOR see no-color.org. */
bool use_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
}

/* @colour may be NULL. */
void print_coloured(const char *colour, const char *format, ...)
{
	bool coloured = colour && use_colour();
	va_list arguments;

	if (coloured)
		fputs(colour, stdout);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	if (coloured)
		fputs("\033[0m", stdout);
}

static void check(bool good)
{
	if (good)
		return;
	complain("out of memory");
	exit(EXIT_FAILURE);
}

/* Cells are escaped already: the library must not encode them. */
void table_init(struct table *table, const struct column *columns, size_t width)
{
	struct libscols_column *column;
	size_t i;

	*table = (struct table){
		.table = scols_new_table(), .columns = columns, .width = width,
	};
	check(table->table && !scols_table_set_column_separator(table->table, GAP));
	scols_table_enable_noencoding(table->table, 1);
	scols_table_enable_minout(table->table, 1);
	scols_table_enable_colors(table->table, use_colour());
	for (i = 0; i < width; i++) {
		column = scols_table_new_column(table->table, columns[i].title,
						columns[i].flags & SCOLS_FL_TRUNC ? SHARE : 0,
						columns[i].flags & ~OPTIONAL);
		table->longest[i] = strlen(columns[i].title);
		check(column && !scols_cell_set_color(scols_column_get_header(column), BOLD));
	}
}

/* Adds the next cell. The table frees its text. @colour may be NULL. */
void table_add_coloured(struct table *table, char *text, const char *colour)
{
	size_t length = strlen(text);

	if (length > table->longest[table->next])
		table->longest[table->next] = length;
	if (!table->next)
		table->line = scols_table_new_line(table->table, NULL);
	check(table->line && !scols_line_refer_data(table->line, table->next, text));
	check(!scols_cell_set_color(scols_line_get_cell(table->line, table->next), colour));
	table->next = (table->next + 1) % table->width;
}

void table_add(struct table *table, char *text)
{
	table_add_coloured(table, text, NULL);
}

/* The library prints nothing if there is no line. */
static void print_titles(const struct table *table)
{
	struct libscols_column *column;
	size_t i;

	for (i = 0; i < table->width; i++) {
		column = scols_table_get_column(table->table, i);
		printf("%s", i ? GAP : "");
		print_coloured(BOLD, "%s", scols_column_get_name(column));
	}
	putchar('\n');
}

/* True if the table fits with @least characters or the title in each cut column. */
static bool fits(const struct table *table, size_t least)
{
	size_t total = 0, needed, title, i;

	for (i = 0; i < table->width; i++) {
		needed = table->longest[i];
		title = strlen(table->columns[i].title);
		if ((table->columns[i].flags & SCOLS_FL_TRUNC) && needed > least)
			needed = title > least ? title : least;
		total += table->hidden[i] ? 0 : needed + (i ? strlen(GAP) : 0);
	}
	return total <= scols_table_get_termwidth(table->table);
}

static void hide(struct table *table, size_t i)
{
	struct libscols_column *column = scols_table_get_column(table->table, i);

	table->hidden[i] = true;
	scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_HIDDEN);
}

/*
 * The library cuts columns with SCOLS_FL_TRUNC to the width of a terminal, down to their
 * titles. If cut columns would be unreadable, this hides the optional columns from the right,
 * and then, if the line would still be too long, other columns.
 */
static void shrink(struct table *table)
{
	size_t i;

	for (i = table->width; i-- > 1 && !fits(table, READABLE);)
		if (table->columns[i].flags & OPTIONAL)
			hide(table, i);
	for (i = table->width; i-- > 1 && !fits(table, 0);)
		if (!table->hidden[i])
			hide(table, i);
}

/* Prints and frees the table. */
void table_print(struct table *table)
{
	if (isatty(STDOUT_FILENO))
		shrink(table);
	if (!table->line)
		print_titles(table);
	check(!scols_print_table(table->table));
	scols_unref_table(table->table);
}
