/* Drives cJSON and its utilities: parsing, printing, patches, sorting. */
#include "cJSON.h"
#include "cJSON_Utils.h"
#include <stdio.h>
#include <stdlib.h>

static const char text[] = "{\"name\": \"x\\u00e9\\n\", \"list\": [1, 2.5, -3e2, true, null, {\"deep\": [[], {}]}], "
                           "\"b\": {\"z\": 1, \"a\": 2}}";

static void show(cJSON *item)
{
    char *s = cJSON_Print(item), *t = cJSON_PrintUnformatted(item);
    printf("%s\n%s\n", s ? s : "none", t ? t : "none");
    free(s);
    free(t);
}

int main(void)
{
    cJSON *a = cJSON_Parse(text), *b = cJSON_Duplicate(a, 1);
    show(a);
    cJSON_AddNumberToObject(b, "more", 7);
    cJSON_DeleteItemFromObject(b, "name");
    cJSON_ReplaceItemInObject(b, "list", cJSON_CreateString("replaced"));
    cJSON *patch = cJSONUtils_GeneratePatches(a, b);
    show(patch);
    printf("%d\n", cJSONUtils_ApplyPatches(a, patch));
    cJSONUtils_SortObject(a);
    show(a);
    printf("%d\n", cJSON_Compare(a, b, 1));
    cJSON *found = cJSONUtils_GetPointer(a, "/b/z");
    printf("%d\n", found ? found->valueint : -1);
    printf("%d %d\n", cJSON_Parse("{broken") == NULL, cJSON_Parse("[1, 2,]") == NULL);
    cJSON_Delete(a);
    cJSON_Delete(b);
    cJSON_Delete(patch);
    return 0;
}
